"""The same work done by others: a floor in the shortest correct code, and a textbook as tutorials have it.

Both work on the schema and the rows of ours, and check what ours checks of the requests that the benchmark sends. They
are no alternatives to the service: what a benchmark never sends (a first launch, a refusal's wording) they do not know.
"""
