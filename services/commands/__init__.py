"""What the command `sso` can do: one module per group of commands. What they print is for people."""
