"""Publication: what doors get is signed, counts upwards and holds no names."""

from datetime import timedelta

import pytest

from access.errors import Conflict, SettingsError
from access.services import open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.people import PersonRecord
from access.store import site
from policies.ids import BadgeId, PersonId, SiteId, TierId
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from readers.wire import snapshot as wire
from tests.small_site import BUILDING, DESK, EDGE, NOON, POLICY, SCOPES

ADA = PersonRecord(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada Lovelace")
BADGE = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, PersonId("ada"))


def read(services, message):
    return wire.read(message.payload, services.publisher.public_key)


@pytest.fixture
def peopled(services):
    services.people.add([ADA], "test", NOON)
    services.badges.add([BADGE], "test", NOON)
    return services


def test_every_source_with_doors_gets_its_own_doors_and_everybody(peopled):
    messages = peopled.publisher.publish(NOON).messages
    snapshots = {snapshot.scope: snapshot for snapshot in (read(peopled, each) for each in messages)}
    assert list(snapshots[EDGE].building.doors) == ["front"]
    assert list(snapshots[DESK].building.doors) == ["room"]
    assert snapshots[DESK].roster.people["ada"].tiers == ("staff",)
    assert all(message.retain for message in messages)
    assert messages[0].topic == "totem/v1/mill/snapshot/edge-1"


def test_no_name_leaves_the_server(peopled):
    assert all(b"Lovelace" not in message.payload for message in peopled.publisher.publish(NOON).messages)


def test_versions_go_on_after_a_restart(peopled, tmp_path):
    first = read(peopled, peopled.publisher.publish(NOON).messages[0]).version
    again = open_services(peopled.database, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    assert read(again, again.publisher.publish(NOON).messages[0]).version > first


def test_a_revoked_badge_is_revoked_in_the_next_snapshot(peopled):
    before = read(peopled, peopled.publisher.publish(NOON).messages[0])
    told: list[object] = []
    peopled.rights.listen(told.append)
    peopled.badges.say(BADGE.id, BadgeVerb.REVOKE, "test", NOON)
    after = read(peopled, peopled.publisher.publish(NOON).messages[0])
    assert len(told) == 1
    assert after.version > before.version
    assert before.roster.badges[BADGE.id].status is BadgeStatus.ACTIVE
    assert after.roster.badges[BADGE.id].status is BadgeStatus.REVOKED


def test_the_key_is_for_the_server_alone_and_is_found_again(peopled, tmp_path):
    path = tmp_path / "site.key"
    assert path.stat().st_mode & 0o777 == 0o600
    again = open_services(peopled.database, BUILDING, POLICY, SCOPES, path)
    assert again.publisher.public_key == peopled.publisher.public_key


def test_a_lost_key_is_not_replaced_silently(peopled, tmp_path):
    with pytest.raises(SettingsError, match="missing"):
        open_services(peopled.database, BUILDING, POLICY, SCOPES, tmp_path / "other.key")


def test_a_key_that_others_can_replace_is_refused(peopled, tmp_path):
    (tmp_path / "site.key").chmod(0o622)
    with pytest.raises(SettingsError, match="0600"):
        open_services(peopled.database, BUILDING, POLICY, SCOPES, tmp_path / "site.key")


def test_a_key_that_others_can_read_is_warned_of(peopled, tmp_path, caplog):
    (tmp_path / "site.key").chmod(0o644)
    open_services(peopled.database, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    assert "signing-key-readable-by-others" in caplog.text


def test_a_database_of_another_site_is_refused(peopled, tmp_path):
    from msgspec.structs import replace

    elsewhere = replace(BUILDING, site=SiteId("tower"))
    with pytest.raises(Conflict, match="mill"):
        open_services(peopled.database, elsewhere, POLICY, SCOPES, tmp_path / "site.key")


def test_versions_go_on_after_an_older_copy_of_the_database_is_restored(peopled):
    """Doors refuse what is not newer: under numbers given out before, no revocation would reach them."""
    last = max(read(peopled, peopled.publisher.publish(NOON).messages[0]).version for _ in range(5))
    with peopled.database.writing() as session:
        site.locked(session).publication = 1
    later = NOON + timedelta(seconds=1)
    assert read(peopled, peopled.publisher.publish(later).messages[0]).version > last
