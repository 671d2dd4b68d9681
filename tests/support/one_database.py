"""For scenarios about what is refused before any database is asked: once is enough, on the one that production has."""

import pytest

ON_ONE_DATABASE = pytest.mark.parametrize("world", ["postgresql"], indirect=True)
