"""`totem badge` in a process of its own, a real pcscd, an emulated card in its reader, and a server that records."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from smartcard import scard

from access.services import open_services
from access.services.people import PersonRecord
from emulators.cards.desfire import DesfireCard, Memory
from emulators.vpcd import VpcdSlot
from policies.ids import BadgeId, PersonId
from policies.roster import ResidentType
from readers.keystores.sealed import write
from tests.access.cli.test_badge import serving
from tests.pcscd import FIRST_READER, FIRST_SLOT, Pcscd
from tests.readers.credentials.site import KEYS, UID
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

DEADLINE_S = 40


def make_desk(folder: Path) -> Path:
    unlock = folder / "unlock"
    unlock.write_bytes(bytes(range(32)))
    unlock.chmod(0o600)
    write(folder / "keys", unlock, KEYS)
    desk = folder / "desk.toml"
    desk.write_text(
        f'[keys]\nhome = "sealed"\nfile = "{folder}/keys"\nunlock = "{unlock}"\n'
        '[badges.desfire]\naid = "4f4d54"\nsystem = "desk"\n'
        f'[[reader]]\nid = "desk"\ntransport = "pcsc"\ndevice = "{FIRST_READER}"\n'
    )
    return desk


def wait_until_empty() -> None:
    """Return once pcscd has seen the slot empty; it looks every 400 ms."""
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    state = scard.SCARD_STATE_UNAWARE
    while not state & scard.SCARD_STATE_EMPTY:
        result, [(_, state, _)] = scard.SCardGetStatusChange(context, 10_000, [(FIRST_READER, state)])
        assert result == scard.SCARD_S_SUCCESS
    scard.SCardReleaseContext(context)


async def totem(*words: str) -> dict[str, object]:
    program = "import sys; from access.cli import main; sys.exit(main(sys.argv[1:]))"
    command = (sys.executable, "-c", program, "badge", *words, "--reader", "desk", "--json")
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    said: dict[str, object] = json.loads(out)
    return said


async def test_a_card_is_issued_read_and_wiped_through_pcscd(tmp_path):
    services = open_services(
        f"sqlite:///{tmp_path}/totem.db", BUILDING, POLICY, SCOPES, tmp_path / "site.key"
    )
    services.people.add([PersonRecord(PersonId("ada"), ResidentType.MAKER, name="Ada")], "test", NOON)
    card, desk = DesfireCard(Memory(UID)), make_desk(tmp_path)
    with Pcscd(), serving(services, tmp_path) as server:
        more = ("--server", server, "--key", str(tmp_path / "key"), "--desk", str(desk))
        slot = VpcdSlot(port=FIRST_SLOT)
        async with asyncio.timeout(DEADLINE_S):
            await slot.insert(card)
            issued = await totem("issue", "ada", *more)
            assert services.badges.get(BadgeId(str(issued["badge"]))).person == "ada"
            seen = await totem("read", "--desk", str(desk))
            assert seen == {"badge": issued["badge"], "assurance": "authenticated"}
            assert await totem("wipe", *more) == {"uid": UID.hex(), "badge": issued["badge"]}
            await slot.remove()
    assert card.memory == Memory(UID)
    services.close()


@pytest.mark.parametrize("at", [5])
async def test_a_card_pulled_out_of_the_slot_is_gone_on_with(tmp_path, at):
    services = open_services(
        f"sqlite:///{tmp_path}/totem.db", BUILDING, POLICY, SCOPES, tmp_path / "site.key"
    )
    services.people.add([PersonRecord(PersonId("ada"), ResidentType.MAKER, name="Ada")], "test", NOON)
    card, desk = DesfireCard(Memory(UID)), make_desk(tmp_path)
    heard, torn = 0, asyncio.Event()

    class Pulled:
        atr = card.atr
        reset = card.reset

        def process(self, apdu: bytes) -> bytes:
            nonlocal heard
            heard += 1
            if heard == at:
                torn.set()
                raise ConnectionResetError("pulled")
            return card.process(apdu)

    with Pcscd(), serving(services, tmp_path) as server:
        more = ("--server", server, "--key", str(tmp_path / "key"), "--desk", str(desk))
        slot = VpcdSlot(port=FIRST_SLOT)
        async with asyncio.timeout(DEADLINE_S):
            await slot.insert(Pulled())
            issuing = asyncio.create_task(totem("issue", "ada", *more))
            await torn.wait()
            await slot.remove()
            await asyncio.to_thread(wait_until_empty)
            await slot.insert(card)
            issued = await issuing
            await slot.remove()
    assert services.badges.get(BadgeId(str(issued["badge"]))).person == "ada"
    services.close()
