"""The dossiers in groups as they are kept: sealed, and found without being opened.

`words` says which words of a name are searched and `digests` what is kept of them (both pure), `record` is the text
that is sealed, `store_sql` keeps and finds.
"""
