"""The `totem` command where only the base package is installed, as on a door computer."""

import re
import subprocess
import sys

import pytest

from access.cli import COMMANDS

_BASE_ALONE = "import sys; sys.modules |= dict.fromkeys(['sqlalchemy', 'fastapi', 'holidays'])"
_TOTEM = f"{_BASE_ALONE}; from access.cli import main; sys.exit(main())"


def totem(*words):
    command = [sys.executable, "-c", _TOTEM, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_door_computer_lists_the_commands_without_the_server():
    listed = totem("--help")
    assert listed.returncode == 0, listed.stderr
    assert all(re.search(rf"^    {name}\s", listed.stdout, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("words", [("admin", "--help"), ("serve",), ("policy", "check", "policies/km0")])
def test_a_door_computer_says_what_a_command_of_the_server_lacks(words):
    refused = totem(*words)
    assert refused.returncode == 1
    assert "is not installed" in refused.stderr
    assert "Traceback" not in refused.stderr
