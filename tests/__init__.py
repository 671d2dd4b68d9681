"""All claims about this project that a machine can check."""
