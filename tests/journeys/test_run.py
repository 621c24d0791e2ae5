"""`totem run` as somebody types it: a day lived at full speed, and a building to try by hand."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pytest

from access.cli import main
from tests.journeys.demo import PATIENCE_S, TOTEM, Demo
from tests.programs import free_port

ADA = {"id": "ada", "name": "Ada", "type": "security", "tiers": ["security"]}
BADGE = {"id": "04a1b2c3d4e5f6", "kind": "uid", "person": "ada"}


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command in this process, and returns its exit code and what it says."""

    def run(*words: str) -> tuple[int, str, str]:
        try:
            ended = main(["run", *words])
        except SystemExit as leaving:
            ended = int(leaving.code or 0)
        return (ended, *capsys.readouterr())

    return run


def simulated_elsewhere(*words: str) -> str:
    """Return what a simulation prints in a process whose hashes and time zone are its own."""
    environment = os.environ | {"PYTHONHASHSEED": "99", "TZ": "Pacific/Auckland"}
    done = subprocess.run(
        [*TOTEM, "--simulate", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_a_whole_day_is_lived_to_its_end_and_accounted_for(run: Run):
    ended, told, _ = run("--simulate", "1d", "--seed", "7", "--json")
    account = json.loads(told)
    assert ended == 0
    assert account["taps"] == account["grants"] + sum(account["denials"].values())
    assert account["taps"] > 5_000
    assert account["passages"] >= account["grants"] * 0.9
    assert {"denied-unknown-credential", "denied-zone-no-access-rights"} <= account["denials"].keys()
    assert 400 < account["peak"]["people"] < 1_000
    assert account["final"]["fonderie"] < 60


@pytest.mark.long
def test_the_same_seed_prints_the_same_account_in_any_process(run: Run):
    morning = ("4h", "--from", "2026-09-15T06:00", "--seed")
    here = run("--simulate", *morning, "7")
    assert here == (0, simulated_elsewhere(*morning, "7"), "")
    assert run("--simulate", *morning, "8")[1] != here[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--simulate", "tomorrow"), "30m, 6h or 1d"),
        (("--simulate", "0d"), "30m, 6h or 1d"),
        (("--speed", "0"), "above 0"),
        (("--people", "-1"), "0 or more"),
        (("--people", "many"), "0 or more"),
        (("--speed", "fast"), "above 0"),
        (("--port", "99999"), "1 to 65535"),
        (("--policy", "nowhere"), "nowhere/building.toml:1: file: cannot be read"),
        (("--data", "pyproject.toml"), "--data pyproject.toml: cannot be made a folder"),
        (("--from", "noon"), "2026-09-15T09:20"),
    ],
)
def test_a_wrong_word_is_refused_with_what_was_expected(run: Run, words: tuple[str, ...], told: str):
    ended, _, error = run(*words)
    assert ended != 0
    assert told in error


def test_what_the_greeting_says_to_try_works_and_ctrl_c_ends_it_in_order():
    demo = Demo("--no-people")
    try:
        assert demo.post("/v1/people", ADA).status_code == HTTPStatus.CREATED
        assert demo.post("/v1/badges", BADGE).status_code == HTTPStatus.CREATED
        tap = {"reader": "agora-in", "badge": BADGE["id"]}
        seen = demo.post("/emulation/tap", tap).json()
        assert (seen["effect"], seen["reason"], seen["opened"]) == ("grant", "granted", True)
        after_ada = demo.post("/emulation/tap", tap | {"badge": "04ffffffffffff"}).json()
        assert (after_ada["effect"], after_ada["opened"]) == ("deny", False)  # though the bolt is still drawn
        deadline = time.monotonic() + PATIENCE_S
        while demo.count("agora") != 1:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        stranger = {"reader": "main-b23-in", "badge": "04ffffffffffff"}
        refused = demo.post("/emulation/tap", stranger).json()
        assert (refused["reason"], refused["opened"]) == ("denied-unknown-credential", False)
        assert demo.post("/emulation/tap", tap | {"reader": "nowhere"}).status_code == HTTPStatus.NOT_FOUND
        assert (
            demo.post("/emulation/tap", tap | {"badge": "xyz"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        )
        unread = demo.post(
            "/emulation/tap", tap | {"pin": "2468"}
        )  # never passed over as if it had been entered
        assert unread.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    finally:
        assert demo.interrupt() == 0


def test_a_second_start_over_the_same_data_goes_on_where_the_first_ended(tmp_path: Path):
    first = Demo("--no-people", "--data", str(tmp_path))
    assert "one-time password" in first.greeting
    assert "curl -sw '\\n' http" in first.greeting  # so that answers pasted at once do not run together
    first.post("/v1/people", ADA)
    first.post("/v1/badges", BADGE)
    first.post("/emulation/tap", {"reader": "agora-in", "badge": BADGE["id"]})
    assert first.interrupt() == 0
    second = Demo("--no-people", "--data", str(tmp_path))
    try:
        assert "sign in as before" in second.greeting
        assert second.count("agora") == 1
        seen = second.post("/emulation/tap", {"reader": "agora-out", "badge": BADGE["id"]}).json()
        assert seen["effect"] == "grant"
        deadline = time.monotonic() + PATIENCE_S
        while second.count("agora") != 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        assert second.interrupt() == 0


def test_a_simulation_over_data_that_reaches_further_is_refused(run: Run, tmp_path: Path):
    assert run("--simulate", "1h", "--people", "5", "--data", str(tmp_path))[0] == 0
    ended, _, error = run("--simulate", "1h", "--data", str(tmp_path))
    assert ended == 1
    assert "expected a later --from" in error


def test_data_that_another_run_has_open_is_told(run: Run, tmp_path: Path):
    first = Demo("--no-people", "--data", str(tmp_path))
    try:
        ended, _, error = run("--no-people", "--data", str(tmp_path), "--port", str(free_port()))
    finally:
        assert first.interrupt() == 0
    assert ended == 1
    assert "expected no other writer" in error


def test_a_port_in_use_is_told(run: Run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended, _, error = run("--port", str(taken.getsockname()[1]))
    assert ended == 1
    assert "choose another port" in error
