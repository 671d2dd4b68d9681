"""What docker-compose.yml says, run on this machine without Docker: the same commands, settings, secrets and order.

Each container is a process with a loopback address of its own. It knows the images that the file names, and no others.
"""
