"""Keys: ours, which sign and are published, and those of partners, which verify.

Owns what makes a partner's key acceptable (`policy`) and the forms that a key arrives in. Knows nothing of
tokens, companies or who may register a key: it is given a key and answers with a fact or a refusal.
"""
