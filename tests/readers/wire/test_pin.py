"""PINs: what matches, what is told under duress, and what is never kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.wire.pin import PinCheck, check_pin, hash_pin

SALT = bytes(range(16))
KEPT = hash_pin("2580", SALT)


def test_a_pin_is_right_and_one_higher_at_its_end_is_under_duress() -> None:
    assert check_pin("2580", KEPT) is PinCheck.RIGHT
    assert check_pin("2581", KEPT) is PinCheck.DURESS
    assert check_pin("2580", hash_pin("2589", SALT)) is PinCheck.DURESS, "9 becomes 0"


@settings(max_examples=10, deadline=None)
@given(st.text("0123456789", min_size=4, max_size=8).filter(lambda pin: pin not in {"2580", "2581"}))
def test_any_other_pin_is_wrong(pin: str) -> None:
    assert check_pin(pin, KEPT) is PinCheck.WRONG


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "2580",
        "scrypt$1$1$1$x$y",
        "md5$8192$8$1$AAAA$AAAA",
        "$".join("scrypt"),
        KEPT.replace("8192", "x"),
        KEPT.replace("8192", "8191"),
        KEPT.replace("8192", str(2**30)),
        KEPT.replace("8192", str(2**80)),
    ],
)
def test_what_is_kept_in_an_unknown_form_is_matched_by_nothing(kept: str) -> None:
    assert check_pin("2580", kept) is PinCheck.WRONG


@pytest.mark.parametrize("entered", ["", "2", "258", "258000000", "25 80", "\uff12\uff15\uff18\uff10"])
def test_what_is_no_pin_is_wrong_and_cannot_be_kept(entered: str) -> None:
    assert check_pin(entered, KEPT) is PinCheck.WRONG
    with pytest.raises(ValueError, match="4 to 8 digits"):
        hash_pin(entered, SALT)


def test_the_digits_are_not_in_what_is_kept() -> None:
    assert "2580" not in KEPT
    assert hash_pin("2580", SALT[::-1]) != KEPT
