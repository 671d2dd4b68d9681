"""What is sealed opens in its own place, with its own key, and unaltered; or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.sealing import KEY_BYTES, CannotOpen, Sealer

SEALER = Sealer(bytes(range(KEY_BYTES)))
OTHER = Sealer(bytes(KEY_BYTES))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PLAIN = "Zoë de Vries"
SEALED = SEALER.seal(PLAIN, "accounts.sealed_firstname", 1)


@given(TEXT, TEXT, TEXT | st.integers())
def test_what_is_sealed_for_a_place_opens_there(plain: str, column: str, row: object) -> None:
    assert SEALER.open(SEALER.seal(plain, column, row), column, row) == plain


@given(TEXT, TEXT, TEXT, TEXT)
def test_it_opens_in_no_other_place(column: str, row: str, other_column: str, other_row: str) -> None:
    sealed = SEALER.seal(PLAIN, column, row)
    if (column, row) == (other_column, other_row):
        return
    with pytest.raises(CannotOpen):
        SEALER.open(sealed, other_column, other_row)


def test_the_parts_of_a_place_are_not_merely_joined() -> None:
    with pytest.raises(CannotOpen):
        SEALER.open(SEALER.seal(PLAIN, "a.b", "c"), "a", ".bc")
    with pytest.raises(CannotOpen):
        SEALER.open(SEALER.seal(PLAIN, 'a", "b', ""), "a", 'b", "')


def test_another_key_does_not_open_it_and_the_reason_is_told() -> None:
    with pytest.raises(CannotOpen, match="another key"):
        OTHER.open(SEALED, "accounts.sealed_firstname", 1)


@pytest.mark.parametrize("octet", range(len(SEALED)))
def test_not_one_bit_can_be_altered(octet: int) -> None:
    altered = bytearray(SEALED)
    altered[octet] ^= 1
    with pytest.raises(CannotOpen):
        SEALER.open(bytes(altered), "accounts.sealed_firstname", 1)


@pytest.mark.parametrize("length", range(len(SEALED)))
def test_nothing_can_be_cut_off(length: int) -> None:
    with pytest.raises(CannotOpen):
        SEALER.open(SEALED[:length], "accounts.sealed_firstname", 1)


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    assert len({SEALER.seal(PLAIN, "a", 1) for _ in range(100)}) == 100


def test_what_is_sealed_does_not_show() -> None:
    assert PLAIN.encode() not in SEALED
    assert b"Vries" not in SEALED


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        Sealer(bytes(length))


@given(st.tuples(TEXT, st.lists(TEXT)), st.tuples(TEXT, st.lists(TEXT)))
def test_two_lookups_share_a_digest_only_if_they_are_the_same(
    one: tuple[str, list[str]], other: tuple[str, list[str]]
) -> None:
    same = SEALER.digest(one[0], *one[1]) == SEALER.digest(other[0], *other[1])
    assert same == (one == other)


def test_a_digest_is_keyed() -> None:
    assert SEALER.digest("a", "b") != OTHER.digest("a", "b")
    assert SEALER.digest("a", "b") == Sealer(bytes(range(KEY_BYTES))).digest("a", "b")
