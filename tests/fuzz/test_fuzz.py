"""The fuzzed targets, bounded: by shape under Hypothesis, and by coverage under atheris. `make fuzz` runs on."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policies
from policies.errors import Finding, LoadError
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, Transmit
from readers.credentials.uid import GET_UID
from tests.fuzz import targets
from tests.fuzz.sites import HOUSE, judge, judge_findings, judge_whole
from tests.fuzz.spoilt import spoil, write
from tests.fuzz.targets import TARGETS
from tests.parts import leave_out
from tests.policies import house
from tests.soak import soaked

YEARS = (b"first_year = 2020", b"first_year = 2026"), (b"last_year = 2045", b"last_year = 2027")
SHIPPED = Path(policies.__file__).parent / "km0"
RUNS = dict.fromkeys(TARGETS, 2000) | {"site": 150}
"""A site is three files written and read; the others are some bytes."""


def shipped(name: str) -> bytes:
    """Return a file of the shipped site, its calendar for two years only: holidays take time."""
    text = (SHIPPED / name).read_bytes()
    for all_years, two in YEARS:
        text = text.replace(all_years, two)
    return text


KM0 = {name: shipped(name) for name in HOUSE}


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
        leave_out("NOT FUZZED BY COVERAGE: atheris has no wheel for this machine")
    command = [sys.executable, "-m", "tests.fuzz", name, f"-runs={RUNS[name]}", "-seed=7", "-max_len=400"]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/"], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {RUNS[name]} runs" in done.stderr


@pytest.mark.soak
@settings(max_examples=soaked(25, 4000))
@given(data=st.binary(max_size=60))
def test_the_shipped_files_spoilt_load_whole_or_tell_where_they_are_wrong(tmp_path_factory, data):
    directory = tmp_path_factory.mktemp("km0")
    write(directory, spoil(KM0, data))
    judge(directory)


def test_a_site_that_is_loaded_half_or_refused_without_a_place_is_found(tmp_path):
    house.write(tmp_path)
    whole = judge(tmp_path)
    assert whole is not None
    house.write(tmp_path, policy=house.POLICY + '\n[[permit]]\nid = "more"\nspaces = ["hall"]\n')
    with pytest.raises(AssertionError):
        judge_whole(tmp_path, whole)
    nowhere = LoadError(tmp_path, (Finding(str(tmp_path / "policy.toml"), 999, "id", "wrong"),))
    for error in (nowhere, LoadError(tmp_path, ())):
        with pytest.raises(AssertionError):
            judge_findings(tmp_path, error)


def test_a_target_that_does_not_hold_is_found(monkeypatch):
    def believe(*_):
        yield Transmit(GET_UID)
        return Identified(BadgeId("anyone"), Assurance.AUTHENTICATED)

    monkeypatch.setattr(targets, "identify", believe)
    with pytest.raises(AssertionError):
        targets.stranger(b"")
    with pytest.raises(AssertionError):
        targets.tampered(b"")
