"""A SoftHSM token in a folder of its own: a real PKCS#11 module, told where it is by SOFTHSM2_CONF."""

import subprocess
from pathlib import Path

import pkcs11
import pytest

from tests.parts import require

LABEL, PIN = "totem-tests", "482913"
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


def make_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a token and return the file that holds its PIN."""
    util = require("softhsm2-util")
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
    command = [util, "--init-token", "--free", "--label", LABEL, "--so-pin", "so-" + PIN, "--pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    pkcs11.lib(str(MODULE)).reinitialize()  # a module reads its configuration once a process
    pin_file = folder / "pin"
    pin_file.write_text(PIN + "\n")
    return pin_file
