"""The patients of the demo, who do not exist. Their BSNs are for everybody to read."""

from typing import Final

PETER: Final = "426308505"
ANNA: Final = "999990019"
EXAMPLES: Final = {"Peter de Mol": PETER, "Anna Smit": ANNA}
"""The example BSNs by whose they are."""
