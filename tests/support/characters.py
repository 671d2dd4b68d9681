"""Characters that look like others."""


def full_width(text: str) -> str:
    """Return the full-width forms of ASCII text: they look alike, and `str.isdigit` says that they are."""
    return "".join(chr(ord(character) + 0xFEE0) for character in text)
