"""`totem emulate card`: the command line here, the card in a real reader in `inside_emulate.py`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pcscd import run_inside


def test_the_command_holds_a_card_that_pcscd_reads():
    run_inside(str(Path(__file__).with_name("inside_emulate.py")))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["paper"], "invalid choice"),
        (["uid", "--id", "04a1"], "expected 4, 7 or 10"),
        (["uid", "--id", "card"], "not hexadecimal"),
        (["uid", "--vpcd", "35963"], "expected HOST:PORT"),
        (["uid", "--vpcd", "localhost:99999"], "expected HOST:PORT"),
    ],
)
def test_wrong_words_are_told_and_exit_with_2(words, complaint):
    done = emulate(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_keys_that_do_not_fit_are_told_without_showing_them(tmp_path):
    (tmp_path / "keys.json").write_text('{"private": "secret"}')
    done = emulate("pkoc", "--keys", str(tmp_path / "keys.json"))
    assert done.returncode == 1
    assert "private: expected 32 bytes" in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_is_not_there_is_told_and_exits_with_1():
    done = emulate("uid", "--vpcd", "127.0.0.1:1")
    assert done.returncode == 1
    assert "no virtual reader at 127.0.0.1:1" in done.stderr


def emulate(*words: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from access.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "emulate", "card", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
