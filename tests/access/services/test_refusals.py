"""Why a tap was refused, by the rights as they are now: the sentence, the rules, and when it would open."""

from datetime import timedelta

import msgspec
import pytest

from access.services.badges import BadgeRecord, BadgeVerb
from access.services.people import PersonRecord
from policies.decision import Effect, Reason
from policies.ids import BadgeId, PersonId, ReaderId, TierId
from policies.request import Assurance
from policies.roster import BadgeKind, ResidentType
from readers.wire.events import Event, EventType, Inputs
from tests.live_events import event
from tests.small_site import NOON

HERS = BadgeId("04aabbcc")
NIGHT = NOON + timedelta(hours=11)


@pytest.fixture
def peopled(services):
    ada = PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada", tiers=(TierId("staff"),))
    services.people.add([ada], "test", NOON)
    services.badges.add([BadgeRecord(HERS, BadgeKind.UID, PersonId("ada"))], "test", NOON)
    return services


def refused(at=NIGHT, badge=HERS, reader="front-in", inputs=None) -> Event:
    inputs = inputs or Inputs(Assurance.UID)
    return event(
        1,
        EventType.DECISION,
        "front",
        at=at,
        reader=ReaderId(reader),
        badge=badge,
        effect=Effect.DENY,
        reason=Reason.OUT_OF_TIME_RANGE,
        inputs=inputs,
    )


def test_a_refusal_at_night_says_from_when_on_the_door_opens(peopled):
    found = peopled.refusals.why(refused())
    assert found.decision.reason is Reason.OUT_OF_TIME_RANGE
    assert found.next == (NOON + timedelta(days=1)).replace(hour=4)
    assert "06:00" in found.message.en
    assert "06:00" in found.message.fr


def test_what_was_put_right_since_is_granted_now(peopled):
    peopled.badges.say(HERS, BadgeVerb.SUSPEND, "test", NOON)
    assert peopled.refusals.why(refused(NOON)).decision.reason is Reason.CREDENTIAL_MANUAL_DISABLE
    peopled.badges.say(HERS, BadgeVerb.ACTIVATE, "test", NOON)
    assert peopled.refusals.why(refused(NOON)).decision.grants


def test_the_door_s_mode_at_the_tap_counts(peopled):
    locked = refused(NOON, inputs=Inputs(Assurance.UID, mode="lockdown"))
    assert peopled.refusals.why(locked).decision.reason is Reason.THREAT_LEVEL


@pytest.mark.parametrize(
    "changed", [{"badge": BadgeId("04deadbe")}, {"badge": None}, {"reader": ReaderId("gone")}]
)
def test_nothing_is_told_of_a_badge_that_is_nobody_s_or_of_a_reader_that_is_gone(peopled, changed):
    assert peopled.refusals.why(msgspec.structs.replace(refused(), **changed)) is None
