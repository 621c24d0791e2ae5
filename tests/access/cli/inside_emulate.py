"""`totem emulate card` in a process of its own, a real pcscd, and our PC/SC transport at the other end."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from readers.credentials.uid import GET_UID
from readers.transports.pcsc import PcscTransport
from tests.pcscd import SECOND_READER, SECOND_SLOT, Pcscd
from tests.readers.credentials.driving import transmit

DEADLINE_S = 15


async def emulate(*words: str) -> Process:
    program = "import sys; from access.cli import main; sys.exit(main(sys.argv[1:]))"
    command = (sys.executable, "-c", program, "emulate", "card", *words)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)


@pytest.mark.parametrize("identity", [["--id", "04a1b2c3d4e5f6"], []])
async def test_the_card_is_read_under_the_number_that_was_printed(identity):
    with Pcscd():
        transport = PcscTransport(SECOND_READER, asyncio.get_running_loop())
        async with asyncio.timeout(DEADLINE_S):
            totem = await emulate("uid", *identity, "--vpcd", f"127.0.0.1:{SECOND_SLOT}", "--trace")
            assert totem.stdout is not None
            uid = (await totem.stdout.readline()).decode().strip()
            card = await transport.next_card()
            assert (await transmit(card, GET_UID)).hex() == uid + "9000"
            totem.send_signal(signal.SIGINT)
            _, trace = await totem.communicate()
            await card.removed()
            await transport.close()
    assert totem.returncode == 0
    assert identity[1:] in ([], [uid])
    assert f"> ff ca 00 00 00\n< {bytes.fromhex(uid).hex(' ')} 90 00\n" in trace.decode()


async def test_the_command_ends_with_pcscd():
    with Pcscd() as pcscd:
        async with asyncio.timeout(DEADLINE_S):
            transport = PcscTransport(SECOND_READER, asyncio.get_running_loop())
            totem = await emulate("uid", "--vpcd", f"127.0.0.1:{SECOND_SLOT}")
            await transport.next_card()
            pcscd.end(signal.SIGKILL)
            _, complaint = await totem.communicate()
            await transport.close()
    assert totem.returncode == 1
    assert "has let go of the card" in complaint.decode()
