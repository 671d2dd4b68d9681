"""Our services apart: each of them as the others see it, over HTTP with internal tokens.

A module per service holds both ends of the conversation: the adapter that satisfies the protocols of those who ask, and
the endpoints that answer it. `client` is how any of them is asked, `token` who we say that we are.
"""
