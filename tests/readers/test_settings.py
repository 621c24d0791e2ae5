"""What settings of badges are refused when they are read, and not at every tap."""

import pytest

from readers.errors import SettingsError
from readers.settings import load_desk

DESK = """
reader = []
[keys]
home = "sealed"
file = "keys"
unlock = "unlock"
[badges.ntag424]
system = "km0"
url = "{}"
"""


@pytest.mark.parametrize(
    ("url", "complaint"), [("km0.fr/é", "expected ASCII"), ("k" * 151, "expected 1 to 150")]
)
def test_an_address_that_no_tag_can_hold_is_refused_with_its_place(tmp_path, url, complaint):
    path = tmp_path / "desk.toml"
    path.write_text(DESK.format(url), "utf-8")
    with pytest.raises(SettingsError, match=rf"desk\.toml: url: .*{complaint}.*\$\.badges\.ntag424"):
        load_desk(path)
    path.write_text(DESK.format("xn--km-eka.fr/b"), "utf-8")
    assert load_desk(path).badges.ntag424
