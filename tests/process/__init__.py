"""The demo as a process: how it starts, what it says when it cannot, and how it ends."""
