"""docs/administration.md tells the truth: each call of its ten tasks is made, in order, and answered as it says.

The site is as the demonstration has it: its organisations are there, and the key is the one that it prints.
"""

import json
import re
from pathlib import Path

import policies
from access.api import create_app
from access.api.examples import EXAMPLES
from access.services import open_services
from access.services.examination import files_of
from access.services.organisations import OrganisationRecord
from access.site.live import DEMO_SCOPES
from emulators.people import population
from policies.ids import SourceId
from policies.loader import load
from tests.asgi_client import Client
from tests.small_site import NOON

PAGE = Path(__file__).parents[2] / "docs" / "administration.md"
KM0 = Path(policies.__file__).parent / "km0"
CALL = re.compile(
    r"^    (?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<body>\{.*?\}))?(?: If-Match (?P<tag>\"\d+\"))? → (?P<status>\d+)$"
)


def calls():
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("    ")]
    found = [CALL.match(line) for line in lines]
    assert all(found), [line for line, call in zip(lines, found, strict=True) if call is None]
    return [call.groupdict() for call in found if call is not None]


def test_the_page_has_ten_tasks():
    assert len(re.findall(r"^## \d+\. ", PAGE.read_text("utf-8"), re.MULTILINE)) == 10


def test_the_interface_s_description_shows_the_bodies_of_the_ten_tasks_as_examples():
    shown = {(operation, _text(body)) for operation, named in EXAMPLES.items() for body in named.values()}
    told, path = set(), ""
    for call in calls():
        path = call["path"].replace("{last}", f"{path}/x")
        if call["body"]:
            operations = [one for one in EXAMPLES if _is_call_of(one, f"{call['method']} {path}")]
            assert len(operations) == 1, call
            told.add((operations[0], _text(json.loads(call["body"]))))
    assert shown == told


def _is_call_of(operation, call):
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation), call) is not None


def _text(body):
    return json.dumps(body, sort_keys=True)


def test_every_call_of_the_ten_tasks_is_answered_as_the_page_says(tmp_path):
    building, policy = load(KM0)
    scopes = {SourceId("edge-1"): tuple(building.doors)}
    url, key = f"sqlite:///{tmp_path}/totem.db", tmp_path / "site.key"
    site = open_services(url, building, policy, scopes, key, files=files_of(KM0))
    people = population(building, policy, seed=0)
    names = {resident.person.organisation for resident in people if resident.person.organisation is not None}
    there = [OrganisationRecord(id=name, name=str(name)) for name in names]
    site.organisations.add(there, "test", NOON)
    secret = site.keys.create("page", tuple(scope.value for scope in DEMO_SCOPES), "test", NOON)
    client = Client(create_app(site, lambda: NOON), {"Authorization": f"Bearer {secret}"})
    last = ""
    for call in calls():
        headers = {"If-Match": call["tag"]} if call["tag"] else {}
        body = json.loads(call["body"]) if call["body"] else None
        answer = client.request(
            call["method"], call["path"].replace("{last}", last), json=body, headers=headers
        )
        assert answer.status_code == int(call["status"]), (call, answer.text)
        last = answer.headers.get("Location", last)
    assert client.get("/v1/badges/04a1b2c3d4e5f7").json()["status"] == "revoked"
    site.close()
