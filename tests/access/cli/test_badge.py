"""`totem badge`: cards at a desk, in an emulated field, and a real server that records them."""

import argparse
import asyncio
import copy
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from access.api import create_app
from access.authorize.authorizer import Authorizer
from access.cli import badge as command
from access.cli.badge import Refused, Work
from access.cli.desk import HOLD, HOLD_AGAIN, Desk, TornTooOften
from access.cli.records import Records, ServerRefused
from access.errors import Conflict, NotFound, SettingsError
from access.services import Services
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from emulators.cards.card import VirtualCard
from emulators.cards.desfire import Application, DesfireCard, Key, Memory
from emulators.cards.hostile import Moment, Torn
from emulators.cards.ntag424 import Ntag424Card, TagMemory
from emulators.cards.pkoc import PkocCard
from emulators.cards.uid import UidCard
from emulators.clock import LoopClock
from emulators.field import Antenna
from policies.ids import BadgeId, OrganisationId, PersonId, SourceId
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from readers.badges import Badges, DesfireBadges, Ntag424Badges, PkocBadges, SealedHome
from readers.credentials.desfire.framing import Instruction
from readers.daemon import Credentials
from readers.errors import CardGone
from readers.journal import Durability, FileJournal
from readers.settings import DeskSettings
from tests.pcscd import run_inside
from tests.readers.credentials.site import AID, DESFIRE, READ, UID, URL, Keys, card_key
from tests.small_site import NOON

CHOSEN = DeskSettings(
    SealedHome("", ""),
    Badges(desfire=DesfireBadges("4f4d54", "desk"), ntag424=Ntag424Badges("desk", URL), pkoc=PkocBadges()),
    (),
)
SCHEME = CHOSEN.badges.scheme(Keys().versions)


@contextmanager
def serving(services: Services, folder: Path) -> Iterator[str]:
    """Serve a site's API on a loopback port; the desk's key is in `key`."""
    scopes = ("people:read", "badges:read", "badges:write")
    (folder / "key").write_text(services.keys.create("desk", scopes, "test", NOON) + "\n")
    journal = FileJournal(folder / "authorizer", SourceId("authorizer-1"), lambda: NOON, Durability.BUFFERED)
    app = create_app(services, lambda: NOON, Authorizer(services, journal))
    line = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", loop="asyncio"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([line])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{line.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        line.close()
        journal.close()


@pytest.fixture
def served(services, tmp_path):
    people = [PersonRecord(PersonId(name), ResidentType.MAKER, name=name) for name in ("ada", "eve")]
    services.people.add(people, "test", NOON)
    with serving(services, tmp_path) as address:
        yield address


class Counter:
    """The desk, with the hand that holds cards to its reader."""

    def __init__(self, server: str, key: Path) -> None:
        self.told: list[str] = []
        self.scheme = SCHEME
        self._server, self._key = server, key

    def do(
        self, action, card, *, person="ada", kind="desfire", torn_at=None, is_steady=True
    ) -> dict[str, object]:
        arguments = argparse.Namespace(person=person, kind=kind, server=self._server, key=self._key)
        return asyncio.run(
            self._act(action, card, Work(arguments, CHOSEN, Keys(), self.scheme), torn_at, is_steady)
        )

    async def _act(self, action, card, work, torn_at, is_steady):
        field = Antenna(LoopClock(asyncio.get_running_loop(), NOON))
        taken_away = asyncio.Event()

        def tell(what: str) -> None:
            self.told.append(what)
            if what == HOLD_AGAIN:
                taken_away.set()

        desk = Desk(field, Credentials(SCHEME, Keys(), tell=tell), tell)
        doing = asyncio.create_task(action(desk, work))
        if torn_at is not None:
            field.present(Torn(card, torn_at, Moment.AFTER, field.remove))
            await asyncio.wait_for(taken_away.wait(), 5)
        while not is_steady and not doing.done():
            taken_away.clear()
            field.present(Torn(card, torn_at, Moment.BEFORE, field.remove))
            await asyncio.wait({doing, asyncio.create_task(taken_away.wait())}, return_when="FIRST_COMPLETED")
        field.present(card)
        return await asyncio.wait_for(doing, 10)


class Deaf:
    """A card that refuses one command."""

    def __init__(self, card: VirtualCard, refused: Instruction) -> None:
        self._card, self._refused = card, refused
        self.atr, self.reset = card.atr, card.reset

    def process(self, apdu: bytes) -> bytes:
        is_refused = apdu[0] != 0xFF and apdu[1] == self._refused
        return b"\x91\x9d" if is_refused else self._card.process(apdu)


@pytest.fixture
def counter(served, tmp_path):
    return Counter(served, tmp_path / "key")


def blank() -> DesfireCard:
    return DesfireCard(Memory(UID))


def test_a_badge_is_issued_recorded_and_read(counter, services):
    card = blank()
    done = counter.do(command.issue, card)
    badge = services.badges.get(BadgeId(str(done["badge"])))
    assert (badge.person, badge.kind, badge.status) == ("ada", BadgeKind.DESFIRE, BadgeStatus.ACTIVE)
    assert counter.told[:2] == [HOLD, "taking the card over"]
    assert counter.do(command.read, card) == {"badge": badge.id, "assurance": "authenticated"}


@pytest.mark.parametrize("torn_at", [3, 12, 20])
def test_a_card_that_was_taken_away_is_gone_on_with_when_it_is_back(counter, services, torn_at):
    done = counter.do(command.issue, blank(), torn_at=torn_at)
    assert HOLD_AGAIN in counter.told
    assert services.badges.get(BadgeId(str(done["badge"]))).person == "ada"


@pytest.mark.parametrize("torn_at", [3, 12, 20])
def test_a_card_that_is_torn_and_lies_there_is_gone_on_with(counter, services, torn_at):
    faults = iter([CardGone("the card did not answer")])

    def fail_once() -> None:
        for fault in faults:
            raise fault

    done = counter.do(command.issue, Torn(blank(), torn_at, Moment.AFTER, fail_once))
    assert HOLD_AGAIN in counter.told
    assert services.badges.get(BadgeId(str(done["badge"]))).person == "ada"


def test_issuing_again_to_the_same_person_changes_nothing(counter, services):
    card = blank()
    first, again = counter.do(command.issue, card), counter.do(command.issue, card)
    assert again == first | {"new": False}
    assert services.badges.get(BadgeId(str(first["badge"]))).version == 1


def test_a_card_that_is_somebodys_is_not_given_to_another_until_it_is_wiped(counter, services):
    card = blank()
    first = counter.do(command.issue, card)
    of_older_keys = card.memory.applications[AID].keys
    of_older_keys[1] = Key(card_key(READ, DESFIRE.identity(UID)), READ.version)
    before = copy.deepcopy(card.memory)
    with pytest.raises(Refused, match="of ada; wipe the card first to give it to eve"):
        counter.do(command.issue, card, person="eve")
    assert card.memory == before, "nothing was written, no newer key either"
    assert counter.do(command.wipe, card) == {"uid": UID.hex(), "badge": first["badge"]}
    assert services.badges.get(BadgeId(str(first["badge"]))).status is BadgeStatus.REVOKED
    second = counter.do(command.issue, card, person="eve")
    assert second["badge"] != first["badge"]


def test_nobody_gets_a_badge_and_the_card_is_not_touched(counter):
    card = blank()
    with pytest.raises(NotFound, match="person nobody"):
        counter.do(command.issue, card, person="nobody")
    assert card.memory == Memory(UID)


def test_a_card_that_is_whole_but_not_recorded_says_so_and_is_recorded_at_the_next_try(
    counter, services, monkeypatch
):
    card = blank()

    def refuse(*_: object) -> None:
        raise ServerRefused("gone")

    with monkeypatch.context() as patched:
        patched.setattr(Records, "record", refuse)
        with pytest.raises(Refused, match="the card is whole, but not recorded"):
            counter.do(command.issue, card)
    done = counter.do(command.issue, card)
    assert services.badges.get(BadgeId(str(done["badge"]))).person == "ada"


def test_a_tag_is_issued_under_its_own_number(counter, services):
    card = Ntag424Card(TagMemory(UID))
    assert counter.do(command.issue, card, kind="ntag424")["badge"] == UID.hex()
    assert services.badges.get(BadgeId(UID.hex())).kind is BadgeKind.NTAG424
    assert counter.do(command.rekey, card, kind="ntag424")["badge"] == UID.hex()
    assert counter.do(command.wipe, card, kind="ntag424")["badge"] == UID.hex()


@pytest.mark.parametrize("verb", ["issue", "rekey", "wipe"])
def test_a_blank_tag_that_claims_a_live_badges_number_gets_no_key_of_it(counter, services, verb):
    counter.do(command.issue, Ntag424Card(TagMemory(UID)), kind="ntag424")
    claims = Ntag424Card(TagMemory(UID))
    with pytest.raises((Refused, Conflict), match="own stock" if verb == "issue" else None):
        counter.do(getattr(command, verb), claims, person="eve", kind="ntag424")
    assert claims.memory == TagMemory(UID), "nothing was written"
    assert services.badges.get(BadgeId(UID.hex())).status is BadgeStatus.ACTIVE


@pytest.mark.parametrize("verb", ["rekey", "wipe"])
def test_a_blank_card_is_neither_given_newer_keys_nor_taken_over_to_be_wiped(counter, verb):
    """It has an application by the site's name: a card that lies may have as much."""
    claims = blank()
    claims.memory.applications[AID] = Application([Key(bytes(16)), Key(bytes(16))])
    with pytest.raises(Refused):
        counter.do(getattr(command, verb), claims)
    assert claims.memory.picc == Memory(UID).picc, "nothing was written"


def test_a_blank_card_whose_number_is_anothers_badge_is_not_taken(counter):
    counter.do(command.issue, UidCard(UID), kind="uid")
    card = blank()
    with pytest.raises(Refused, match="own stock"):
        counter.do(command.issue, card, person="eve")
    assert card.memory == Memory(UID)
    assert counter.do(command.issue, card, person="ada")["new"], "the same card, made a better badge"


@pytest.mark.parametrize("kind", ["desfire", "ntag424"])
def test_of_a_card_that_was_never_issued_the_desk_is_told_that_nothing_was_on_it(counter, services, kind):
    card = blank() if kind == "desfire" else Ntag424Card(TagMemory(UID))
    before = copy.deepcopy(card.memory)
    with pytest.raises(Refused, match=r"nothing to wipe.*no badge was revoked"):
        counter.do(command.wipe, card, kind=kind)
    assert card.memory == before
    assert services.badges.page() == []


def test_a_card_whose_issuing_was_broken_off_is_blank_again_and_its_badge_said_to_be_none(counter, services):
    card = blank()
    with pytest.raises(Refused):
        counter.do(command.issue, Deaf(card, Instruction.CREATE_STD_DATA_FILE))
    with pytest.raises(
        Refused, match="which badge it held is not known: none where its issuing was broken off"
    ):
        counter.do(command.wipe, card)
    assert card.memory == Memory(UID)
    assert services.badges.page() == []


def test_a_wipe_that_is_torn_late_and_begun_anew_has_revoked_the_badge(counter, services):
    """Torn where nothing on the card tells any more whose it was."""
    card = blank()
    badge = BadgeId(str(counter.do(command.issue, card)["badge"]))
    with pytest.raises(Refused, match="could not delete"):
        counter.do(command.wipe, Deaf(card, Instruction.DELETE_APPLICATION))
    assert services.badges.get(badge).status is BadgeStatus.REVOKED, "before it is deleted"
    del card.memory.applications[AID]
    with pytest.raises(Refused, match="which badge it held is not known"):
        counter.do(command.wipe, card)
    assert card.memory == Memory(UID)


@pytest.mark.parametrize("torn_at", [7, 9, 11, 13, 15])
def test_a_wipe_that_goes_on_within_one_call_tells_the_badge(counter, services, torn_at):
    card = blank()
    badge = BadgeId(str(counter.do(command.issue, card)["badge"]))
    assert counter.do(command.wipe, card, torn_at=torn_at)["badge"] == badge
    assert services.badges.get(badge).status is BadgeStatus.REVOKED


def test_a_card_is_not_wiped_while_its_badge_cannot_be_revoked(counter, services, tmp_path):
    card = blank()
    counter.do(command.issue, card)
    before = copy.deepcopy(card.memory)
    (tmp_path / "key").write_text(services.keys.create("reads", ("badges:read",), "test", NOON))
    with pytest.raises(Refused, match="answered 403"):
        counter.do(command.wipe, card)
    assert card.memory == before


def test_a_desk_whose_key_reaches_one_organisation_takes_no_badge_of_another_for_recorded(
    counter, services, tmp_path
):
    counter.do(command.issue, UidCard(UID), kind="uid")
    acme = OrganisationId("acme")
    services.organisations.add([OrganisationRecord(acme, "Acme")], "test", NOON)
    kim = PersonRecord(PersonId("kim"), ResidentType.MAKER, organisation=acme, name="Kim")
    services.people.add([kim], "test", NOON)
    scopes = ("people:read", "badges:read", "badges:write")
    (tmp_path / "key").write_text(services.keys.create("acme", scopes, "test", NOON, organisation=acme))
    with pytest.raises(Conflict, match="does not reach"):
        counter.do(command.issue, UidCard(UID), kind="uid", person="kim")


def test_a_card_that_is_lost_again_and_again_ends_the_work_with_a_line(counter):
    with pytest.raises(TornTooOften, match="lost 5 times"):
        counter.do(command.read, blank(), torn_at=0, is_steady=False)
    assert counter.told.count(HOLD_AGAIN) == 4


def test_a_card_that_shows_its_number_alone_is_said_to_be_no_badge_where_none_are_read_by_it(counter):
    counter.scheme = msgspec.structs.replace(SCHEME, uid=False)
    with pytest.raises(Refused, match="not a badge of this site"):
        counter.do(command.read, blank())
    counter.scheme = SCHEME
    assert counter.do(command.read, blank())["assurance"] == "uid"
    assert "copied" in counter.told[-1]


def test_a_phone_is_enrolled_by_what_it_proves(counter, services):
    card = PkocCard(derive_private_key(7, SECP256R1()))
    done = counter.do(command.issue, card, kind="pkoc")
    assert services.badges.get(BadgeId(str(done["badge"]))).kind is BadgeKind.PKOC
    with pytest.raises(Refused, match="is no uid badge: it proves authenticated"):
        counter.do(command.issue, card, kind="uid")


def test_a_plain_card_is_enrolled_only_where_that_was_asked_for(counter):
    with pytest.raises(Refused, match="is no pkoc badge: it proves uid"):
        counter.do(command.issue, UidCard(UID), kind="pkoc")
    assert counter.do(command.issue, UidCard(UID), kind="uid")["badge"] == UID.hex()


def test_what_stops_the_work_is_said(counter):
    card = blank()
    card.memory.picc.keys[0].value = b"\x55" * 16
    with pytest.raises(Refused, match="somebody else's"):
        counter.do(command.issue, card)
    with pytest.raises(Refused, match="no badge of this site"):
        counter.do(command.rekey, card)


def test_a_server_that_does_not_answer_is_told_before_the_card_is_touched(tmp_path):
    (tmp_path / "key").write_text("key")
    card = blank()
    with pytest.raises(ServerRefused, match=r"ConnectionRefusedError; expected .* --server"):
        Counter("http://127.0.0.1:1", tmp_path / "key").do(command.issue, card)
    assert card.memory == Memory(UID)


def test_a_wrong_key_is_told(counter, tmp_path):
    (tmp_path / "key").write_text("wrong")
    with pytest.raises(ServerRefused, match="answered 401: it does not know the key"):
        counter.do(command.issue, blank())


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:8000", "http://"])
def test_an_address_that_is_none_is_told(tmp_path, url):
    (tmp_path / "key").write_text("key")
    with pytest.raises(SettingsError, match="expected http"):
        Records(url, tmp_path / "key")


def test_a_desk_without_the_keys_says_which(tmp_path, capsys):
    from access.cli import main
    from readers.keystores.sealed import write

    unlock = tmp_path / "unlock"
    unlock.write_bytes(bytes(32))
    unlock.chmod(0o600)
    write(tmp_path / "keys", unlock, {})
    (tmp_path / "key").write_text("key")
    desk = tmp_path / "desk.toml"
    desk.write_text(
        f'[keys]\nhome = "sealed"\nfile = "{tmp_path}/keys"\nunlock = "{unlock}"\n'
        '[badges.desfire]\naid = "4f4d54"\nsystem = "desk"\n'
        '[[reader]]\nid = "desk"\ntransport = "nfcpy"\ndevice = "udp:localhost:1"\n'
    )
    assert main(["badge", "read", "--desk", str(desk), "--reader", "desk"]) == 1
    assert "there is no key 'desfire-read'" in capsys.readouterr().err
    assert main(["badge", "read", "--desk", str(tmp_path / "none"), "--reader", "desk"]) == 1
    assert json.dumps("none")[1:-1] in capsys.readouterr().err


def test_a_badge_is_issued_on_a_real_reader():
    run_inside(str(Path(__file__).with_name("inside_badge.py")))
