"""The fuzzed targets, bounded: by shape under Hypothesis, and by coverage under atheris. `make fuzz` runs on."""

import importlib.util
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, Transmit
from readers.credentials.uid import GET_UID
from tests.fuzz import targets
from tests.fuzz.targets import TARGETS

RUNS = 2000


@pytest.mark.parametrize("name", list(TARGETS))
def test_the_target_holds_for_bytes_of_any_shape(name):
    @settings(max_examples=150)
    @given(st.binary(max_size=500))
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()


@pytest.mark.parametrize("name", list(TARGETS))
def test_the_target_holds_where_coverage_leads(name, tmp_path):
    if importlib.util.find_spec("atheris") is None:
        message = "NOT FUZZED BY COVERAGE: atheris has no wheel for this machine"
        (pytest.fail if os.environ.get("CI") == "true" and sys.version_info < (3, 14) else pytest.skip)(
            message
        )
    command = [sys.executable, "-m", "tests.fuzz", name, f"-runs={RUNS}", "-seed=7", "-max_len=400"]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/"], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {RUNS} runs" in done.stderr


def test_a_target_that_does_not_hold_is_found(monkeypatch):
    def believe(*_):
        yield Transmit(GET_UID)
        return Identified(BadgeId("anyone"), Assurance.AUTHENTICATED)

    monkeypatch.setattr(targets, "identify", believe)
    with pytest.raises(AssertionError):
        targets.stranger(b"")
    with pytest.raises(AssertionError):
        targets.tampered(b"")
