"""docs/controllers.md tells the truth: each of its calls is made, in order, and answered as it says."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

import policies
from access.api import create_app
from access.api.asked import Tap
from access.api.taps import Taps
from access.authorize.authorizer import AUTHORIZER, Authorizer
from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.keyring import KeyRing
from access.services.people import PersonRecord
from access.site.arrival import MOST_HEADERS
from policies.ids import BadgeId, PersonId, TierId
from policies.loader import load
from policies.roster import BadgeKind, ResidentType
from readers.journal import Durability, FileJournal
from tests.asgi_client import Client
from tests.small_site import NOON

PAGE = (Path(__file__).parents[2] / "docs" / "controllers.md").read_text("utf-8")
CALL = re.compile(
    r"^    POST (?P<path>\S+) (?P<body>\{.*\}) → (?P<status>\d+)(?: (?P<effect>\S+) (?P<reason>\S+))?$",
    re.MULTILINE,
)


@pytest.fixture
def gate(tmp_path):
    """Return a controller of the loading door of the shipped building."""
    building, policy = load(Path(policies.__file__).parent / "km0")
    services = open_services(
        f"sqlite:///{tmp_path}/totem.db", building, policy, {AUTHORIZER: ()}, tmp_path / "key"
    )
    services.people.add(
        [PersonRecord(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada")],
        "test",
        NOON,
    )
    services.badges.add(
        [BadgeRecord(BadgeId("04a1b2c3d4e5f6"), BadgeKind.UID, PersonId("ada"))], "test", NOON
    )
    secret = services.keys.create("gate", ("reader:loading",), "test", NOON)
    with (
        closing(services),
        closing(FileJournal(tmp_path / "journal", AUTHORIZER, lambda: NOON, Durability.BUFFERED)) as journal,
        closing(Authorizer(services, journal)) as authorizer,
    ):
        app = create_app(services, lambda: NOON, authorizer, lambda: True)
        front = Taps(app, building, authorizer, KeyRing(services.database), lambda: NOON)
        yield Client(front, {"Authorization": f"Bearer {secret}"}), journal


def test_every_call_is_answered_as_the_page_says(gate):
    client, journal = gate
    told = [call.groupdict() for call in CALL.finditer(PAGE)]
    for call in told:
        answer = client.post(call["path"], json=json.loads(call["body"]))
        said = answer.json()
        assert (str(answer.status_code), said.get("effect"), said.get("reason")) == (
            call["status"],
            call["effect"],
            call["reason"],
        ), call
    assert len(told) == len(re.findall(r"^    POST ", PAGE, re.MULTILINE))
    assert len(list(journal.unacknowledged())) == 2  # asked again and tried out, a tap is no other


def test_the_answer_shown_has_the_fields_of_an_answer(gate):
    client, _ = gate
    shown = re.search(r'^    (\{"effect".*?"epoch": \d+\})$', PAGE, re.MULTILINE | re.DOTALL)
    call = next(CALL.finditer(PAGE))
    assert shown is not None
    assert (
        json.loads(shown[1]).keys()
        == client.post("/v1/authorize", json=json.loads(call["body"])).json().keys()
    )


def test_its_table_has_every_field_of_a_question():
    told = set(re.findall(r"^\| `(\w+)(?:\.\w+)?` \|", PAGE, re.MULTILINE)) - {"200", "401", "400", "503"}
    assert told == set(Tap.__struct_fields__)
    assert f"{MOST_HEADERS} headers" in PAGE


def test_what_is_no_kind_of_badge_is_told_which_there_are(gate):
    client, _ = gate
    tap = {"reader": "loading-in", "badge": {"kind": "card", "id": "04"}, "assurance": "uid"}
    assert (
        client.post("/v1/authorize", json=tap)
        .json()["detail"]
        .endswith("expected uid, desfire, ntag424, pkoc")
    )
    tap = {"reader": "loading-in", "badge": {"kind": "uid", "id": "04"}, "assurance": "pin"}
    assert (
        client.post("/v1/authorize", json=tap)
        .json()["detail"]
        .endswith("expected none, uid, sun, authenticated")
    )
