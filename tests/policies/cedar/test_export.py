"""What is exported to Cedar: valid against its schema, one policy a rule, readable, and the same for the same rules."""

import json
from datetime import UTC, datetime
from pathlib import Path

import cedarpy
import msgspec
from hypothesis import given, settings

import policies
from policies.cedar.entities import person_entity, site_entities
from policies.cedar.question import question
from policies.cedar.schema import schema_text
from policies.cedar.text import policies_text
from policies.conditions import Situation
from policies.ids import (
    BadgeId,
    CertificationId,
    OrganisationId,
    PersonId,
    ReaderId,
    RuleId,
    ScheduleId,
    SpaceId,
    TierId,
)
from policies.loader import load
from policies.policy import Rule, RuleEffect
from policies.request import NO_VIEW, AccessRequest, Assurance, DoorMode
from policies.roster import Certification, Person, ResidentType, Roster
from tests.policies import strategies as some

KM0 = load(Path(policies.__file__).parent / "km0")
LASER_ROOM = Rule(
    RuleId("laser-room"),
    RuleEffect.PERMIT,
    types=(ResidentType.MAKER, ResidentType.STAFF),
    organisations=(OrganisationId("fablab"),),
    spaces=(SpaceId("laser-room"),),
    schedule=ScheduleId("tenant-hours"),
    certifications=(CertificationId("laser"),),
    assurance=Assurance.SUN,
    escorted=True,
    modes=(DoorMode.NORMAL,),
    accompanied=True,
)


def with_rules(*rules):
    return msgspec.structs.replace(KM0.policy, rules=rules)


def body(text):
    """Return the policies without the file's head."""
    return text.partition("\n\n")[2].strip()


def test_the_shipped_policy_is_valid_against_the_schema_and_so_are_its_entities():
    outcome = cedarpy.validate_policies(policies_text(KM0.policy), schema_text())
    assert outcome.validation_passed, outcome.errors
    entities = site_entities(KM0.policy, KM0.building)
    parsed = cedarpy.Entities.from_json_str(json.dumps(entities), schema_text())
    assert len(parsed) >= len(entities)


@settings(max_examples=50)
@given(some.worlds())
def test_every_policy_is_valid_against_the_schema_with_its_people_and_questions(world):
    outcome = cedarpy.validate_policies(policies_text(world.policy), schema_text())
    assert outcome.validation_passed, outcome.errors
    people = [person_entity(person) for person in world.roster.people.values()]
    entities = json.dumps([*site_entities(world.policy, world.building), *people])
    schema = cedarpy.Schema.from_str(schema_text())
    parsed = cedarpy.Entities.from_json_str(entities, schema)
    asked = [
        question(Situation(world.policy, world.building, world.roster, *tap), person, [], accompanied=False)
        for tap in world.taps
        for person in world.roster.people.values()
    ]
    answers = cedarpy.is_authorized_batch(asked, policies_text(world.policy), parsed, schema)
    assert not [answer.diagnostics.errors for answer in answers if answer.diagnostics.errors]


def test_each_rule_is_one_policy_named_by_its_id():
    parsed = json.loads(cedarpy.policies_to_json_str(policies_text(KM0.policy)))
    names = [each["annotations"]["id"] for each in parsed["staticPolicies"].values()]
    assert sorted(names) == sorted(rule.id for rule in KM0.policy.rules)


def test_a_permit_reads_as_one_condition_a_line():
    assert body(policies_text(with_rules(LASER_ROOM))).splitlines() == [
        '@id("laser-room")',
        'permit (principal, action == Action::"enter", resource)',
        "when {",
        '  principal in [Type::"maker", Type::"staff"] &&',
        '  principal in Organisation::"fablab" &&',
        '  resource in Reach::"laser-room" &&',
        '  ["normal"].contains(context.mode) &&',
        '  context.open.contains("tenant-hours") &&',
        '  context.certified.contains("laser") &&',
        "  context.proof >= resource.proof &&",
        "  context.proof >= 2 &&",
        "  context.escorted &&",
        "  context.accompanied",
        "};",
    ]


def test_a_forbid_over_counts_spares_responders():
    full = Rule(RuleId("full"), RuleEffect.FORBID, spaces=(SpaceId("fonderie"),), full=True)
    responders = [f'Tier::"{tier.id}"' for tier in KM0.policy.tiers.values() if tier.responder]
    spared = f"!(principal in [{', '.join(responders)}])"
    assert len(responders) > 1
    assert f"{spared} &&\n  context.full\n" in policies_text(with_rules(full))


def test_a_rule_that_cannot_be_evaluated_forbids_and_says_why():
    lost = msgspec.structs.replace(LASER_ROOM, schedule=ScheduleId("lost"))
    text = body(policies_text(with_rules(lost)))
    assert '@note("cannot be evaluated' in text
    assert "\nforbid (" in text
    assert "context.open" not in text


def test_a_name_cannot_add_to_the_text():
    sly = 'x"] || true || principal in ["'
    rule = Rule(
        RuleId("sly"), RuleEffect.PERMIT, organisations=(OrganisationId(sly),), spaces=(SpaceId("agora"),)
    )
    parsed = json.loads(cedarpy.policies_to_json_str(policies_text(with_rules(rule))))
    assert json.dumps(sly) in json.dumps(parsed)
    assert len(parsed["staticPolicies"]) == 1


def test_permits_stop_at_a_restricted_space_and_forbids_do_not():
    parents = {
        (each["uid"]["type"], each["uid"]["id"]): [(above["type"], above["id"]) for above in each["parents"]]
        for each in site_entities(KM0.policy, KM0.building)
    }
    assert ("Space", "b23-2") in parents["Space", "server-room"]
    assert parents["Reach", "server-room"] == []
    assert ("Reach", "b23-1") in parents["Reach", "e-nov"]


def test_a_question_holds_what_the_host_evaluates_and_no_name_beyond_the_person_s_id():
    at = datetime(2026, 9, 15, 8, tzinfo=UTC)
    gone, held = Certification(CertificationId("wood"), at), Certification(CertificationId("laser"))
    ada = Person(PersonId("ada"), ResidentType.MAKER, certifications=(gone, held), host=PersonId("bob"))
    tap = AccessRequest(
        at, ReaderId("laser-room-in"), BadgeId("04a1"), Assurance.SUN, companions=(PersonId("bob"),)
    )
    bob = Person(PersonId("bob"), ResidentType.SECURITY, tiers=(TierId("security"),))
    now = Situation(KM0.policy, KM0.building, Roster.of([ada, bob], []), tap, NO_VIEW)
    asked = question(now, ada, [ScheduleId("tenant-hours")], accompanied=False)
    assert asked["principal"] == {"type": "Person", "id": "ada"}
    assert asked["context"] == {
        "open": ["tenant-hours"],
        "certified": ["laser"],
        "proof": 2,
        "mode": "normal",
        "full": False,
        "escorted": True,
        "accompanied": False,
    }
