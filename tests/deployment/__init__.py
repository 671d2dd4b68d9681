"""The service as it is deployed: the same promises in one process, in four services, and with workers."""
