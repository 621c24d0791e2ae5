"""`totem emulate card`: the command line here, the card in a real reader in `inside_emulate.py`."""

import asyncio
import json
import secrets
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from socket import SOCK_DGRAM

import pytest

from readers.credentials.desfire import ev2
from readers.credentials.desfire.framing import Instruction, Line
from readers.credentials.schemes import Desfire, Scheme
from readers.credentials.uid import GET_UID
from readers.daemon import Credentials
from readers.transports.nfcpy import NfcpyTransport
from tests.pcscd import run_inside
from tests.programs import free_port
from tests.readers.credentials.driving import transmit

AID = bytes.fromhex("4f4d54")


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


async def test_a_card_with_keys_lies_in_the_field_of_nfcpys_link(tmp_path):
    """Two processes: the command with the card, and nfcpy's own driver here, which the card proves its key to."""
    key = b"\xab" * 16
    (tmp_path / "keys.json").write_text(
        json.dumps({"applications": {AID.hex(): [bytes(16).hex(), key.hex()]}})
    )
    port = free_port(SOCK_DGRAM)
    words = ["desfire-ev2", "--keys", str(tmp_path / "keys.json"), "--udp", f"127.0.0.1:{port}", "--trace"]
    process = await asyncio.create_subprocess_exec(*totem(words), stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        uid = (await process.stdout.readline()).decode().strip()
        transport = NfcpyTransport(f"udp:127.0.0.1:{port}", asyncio.get_running_loop())
        card = await transport.next_card()
        assert (await transmit(card, GET_UID)).hex() == uid + "9000"
        credentials = Credentials(Scheme(desfire=Desfire(AID, b"", (), ())))
        selected = await card.hold(Line().send(Instruction.SELECT_APPLICATION, AID), credentials.answer)
        opened = await card.hold(ev2.authenticate(Line(), 1, key, secrets.token_bytes), credentials.answer)
        await transport.close()
        process.send_signal(signal.SIGINT)
        _, trace = await process.communicate()
    assert selected.is_ok
    assert isinstance(opened, ev2.Ev2Channel)
    assert process.returncode == 0
    assert "> 90 71 00 00 02 01 00 00" in trace.decode()


def emulate(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(totem(words), capture_output=True, text=True, timeout=30, check=False)


def totem(words: Sequence[str]) -> list[str]:
    program = "import sys; from access.cli import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", program, "emulate", "card", *words]
