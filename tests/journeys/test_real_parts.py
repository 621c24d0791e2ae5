"""The whole line on real parts; the test itself is in `inside_real_parts.py`."""

from pathlib import Path

import pytest

from tests.parts import require
from tests.pcscd import run_inside


@pytest.mark.long
def test_from_a_card_behind_a_real_pcscd_to_the_count_in_a_real_browser() -> None:
    for program in ("mosquitto", "chromium"):
        require(program)
    run_inside(str(Path(__file__).with_name("inside_real_parts.py")))
