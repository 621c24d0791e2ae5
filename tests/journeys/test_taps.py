"""Badges that prove themselves at a real PC/SC reader; the tests are in `inside_taps.py`."""

from pathlib import Path

import pytest

from tests.pcscd import run_inside


@pytest.mark.long
def test_cryptographic_badges_through_a_real_pcscd_that_dies_and_comes_back() -> None:
    run_inside(str(Path(__file__).with_name("inside_taps.py")), "-s")
