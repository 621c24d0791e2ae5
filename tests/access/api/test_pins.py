"""PINs over HTTP: given, taken back, told to doors as a hash, and to nobody else."""

import pytest

from access.services.people import PersonRecord
from policies.ids import PersonId
from policies.roster import ResidentType
from readers.wire.pin import PinCheck, check_pin
from readers.wire.snapshot import read
from tests.small_site import NOON


@pytest.fixture
def clerk(keyed, services):
    services.people.add([PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada")], "test", NOON)
    return keyed("badges:write", "people:read")


def roster(services):
    message = services.publisher.publish(NOON).messages[0]
    return read(message.payload, services.publisher.public_key).roster


def test_a_pin_is_given_and_taken_back_and_no_answer_tells_it(clerk, services):
    assert clerk.request("PUT", "/v1/people/ada/pin", json={"pin": "2580"}).status_code == 204
    assert "2580" not in clerk.get("/v1/people/ada").text
    assert "pin" not in clerk.get("/v1/people/ada").json()
    with services.database.reading() as session:
        (person,) = services.publisher.roster().people.values()
        assert session is not None
    assert check_pin("2580", person.pin) is PinCheck.RIGHT
    assert clerk.delete("/v1/people/ada/pin").status_code == 204
    assert clerk.delete("/v1/people/ada/pin").status_code == 404


def test_doors_that_ask_for_no_pin_are_told_none(clerk, services):
    clerk.request("PUT", "/v1/people/ada/pin", json={"pin": "2580"})
    assert b"scrypt" not in services.publisher.publish(NOON).messages[0].payload
    assert roster(services).people["ada"].id == "ada"


@pytest.mark.parametrize("pin", ["", "123", "12345678 9", "12a4", "0000", "\uff11\uff12\uff13\uff14"])
def test_what_is_no_pin_is_refused_and_not_repeated(clerk, pin):
    answer = clerk.request("PUT", "/v1/people/ada/pin", json={"pin": pin})
    assert answer.status_code == 422
    assert not pin or pin not in answer.text


def test_nobody_without_the_right_gives_a_pin(keyed):
    assert keyed("people:write").request("PUT", "/v1/people/ada/pin", json={"pin": "2580"}).status_code == 403
