"""How fast the service is on the machine that it runs on: `sso bench`.

The application of production, called in this process, on data of its own in a temporary folder that goes away again.
"""
