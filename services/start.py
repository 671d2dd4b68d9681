"""Where the command `sso` starts."""

import gc


def main() -> None:
    """Load the command and run it; what is loaded stays, so nobody looks for garbage in it, then or later."""
    gc.disable()
    from services.cli import main as command  # noqa: PLC0415 - loading it is what takes the time

    gc.freeze()
    gc.enable()
    command()
