"""The OpenAPI document of the API, and the page that shows it.

`areas/` says of every endpoint what it takes and what it answers: a new endpoint is one `Operation` there. All else,
the schemas, the errors with their examples and the page, follows from the models and from the table of errors.
"""
