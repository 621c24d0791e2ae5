"""Real programs that a test runs against. One that is missing leaves the test out, or fails it with CI=true."""

import os
import shutil
from typing import NoReturn

import pytest


def require(program: str) -> str:
    """Return the path of a real program (`/usr/sbin` included), or leave this test out, saying how to get it."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        leave_out(
            f"{program} is not on this machine: `make test` installs it, or tests/parts.sh says what to type"
        )
    return path


def leave_out(message: str) -> NoReturn:
    """Leave a test out, saying which real part it lacks; fail it where CI asks for everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
