"""docs/hardware.md, tried: its settings are read as they stand, and its defaults are the program's."""

import re
import tomllib
from pathlib import Path

import msgspec

from readers.feedback import Feedbacks
from readers.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "hardware.md").read_text()
BLOCKS = [
    re.sub(r"^    ", "", block, flags=re.MULTILINE)
    for block in re.findall(r"(?:^    \S.*\n)+", PAGE, re.MULTILINE)
]
COMPUTER = {"site": "km0", "source": "edge-2", "state": "", "site_key": ""}


def test_the_settings_of_every_block_are_read_as_they_stand():
    devices = [block for block in BLOCKS if block.startswith("[[door]]")]
    assert len(devices) >= 2
    read = [msgspec.convert(COMPUTER | tomllib.loads(block), Settings).door for block in devices]
    assert all(doors for doors in read)


def test_the_feedback_shown_as_the_default_is_the_default():
    [block] = [block for block in BLOCKS if block.startswith("[feedback]")]
    assert msgspec.convert(tomllib.loads(block)["feedback"], Feedbacks) == Feedbacks()
