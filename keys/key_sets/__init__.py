"""The keys that companies publish behind a URL of theirs (RFC 7517 5): fetched by us, when we choose.

`location` is which URLs and addresses, `document` what a fetched set says, `choice` which of it we take, `service`
setting, showing and refreshing, `store_sql` what is kept. The fetch itself is `keys/remote.py`.
"""
