"""Ingest stores each event once, whatever order, doubles and damage it comes in."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from access.services import open_services
from access.services.events import Filter, Opening, Purpose
from access.services.ingest import Batch, FindingKind
from access.store import events as stored
from access.store import sources
from access.store.check import check
from access.store.sources import Reach
from policies.ids import SourceId
from readers.wire.events import parse, read
from tests.small_site import BUILDING, DESK, EDGE, NOON, POLICY, SCOPES, sealed_events

STRANGER = SourceId("stranger")


OPENING = Opening(Purpose.INCIDENT, "a test", "test", NOON)


def payload(sealed):
    return b"\n".join(each.line for each in sealed)


def stored_ids(services):
    return {event.id for event in services.events.newest(Filter(), limit=10_000)}


def kinds(taken):
    return [finding.kind for finding in taken.findings]


def test_a_batch_is_stored_and_its_end_acknowledged(services):
    chain = sealed_events(5)
    taken = services.ingest.take([Batch(EDGE, payload(chain))], NOON)
    assert taken.reached == {(EDGE, 1): 5}
    assert [event.id for event in taken.events] == [each.id for each in chain]
    assert stored_ids(services) == {each.id for each in chain}


def test_what_is_sent_again_is_stored_once_and_not_handed_on_again(services):
    chain = sealed_events(5)
    services.ingest.take([Batch(EDGE, payload(chain))], NOON)
    taken = services.ingest.take([Batch(EDGE, payload(chain[2:])), Batch(EDGE, payload(chain))], NOON)
    assert taken.events == ()
    assert taken.findings == ()
    assert taken.reached == {(EDGE, 1): 5}


def test_a_gap_is_not_stored_and_the_acknowledgement_stays_before_it(services):
    chain = sealed_events(6)
    taken = services.ingest.take([Batch(EDGE, payload([*chain[:2], *chain[3:]]))], NOON)
    assert taken.reached == {(EDGE, 1): 2}
    assert stored_ids(services) == {each.id for each in chain[:2]}
    assert services.ingest.take([Batch(EDGE, payload(chain[2:]))], NOON).reached == {(EDGE, 1): 6}


def test_an_epoch_begins_with_its_first_record(services):
    taken = services.ingest.take([Batch(EDGE, payload(sealed_events(3)[1:]))], NOON)
    assert taken.reached == {(EDGE, 1): 0}
    assert taken.events == ()


def test_garbage_is_refused_with_a_finding_and_what_came_before_it_is_kept(services):
    chain = sealed_events(4)
    damaged = b"\n".join([chain[0].line, chain[1].line, b'{"v": 1, "half', chain[3].line])
    taken = services.ingest.take([Batch(EDGE, damaged)], NOON)
    assert kinds(taken) == [FindingKind.GARBAGE.value]
    assert taken.reached == {(EDGE, 1): 2}
    assert [finding.kind for finding in services.events.findings()] == ["garbage"]


def test_only_garbage_acknowledges_nothing(services):
    taken = services.ingest.take([Batch(EDGE, b"\x00\xff not json")], NOON)
    assert taken.reached == {}
    assert kinds(taken) == ["garbage"]


def test_an_event_of_another_source_is_refused(services):
    taken = services.ingest.take([Batch(DESK, payload(sealed_events(2, source=EDGE)))], NOON)
    assert kinds(taken) == ["wrong-source"]
    assert stored_ids(services) == set()


def test_a_source_that_the_site_does_not_know_is_not_listened_to(services):
    taken = services.ingest.take([Batch(STRANGER, payload(sealed_events(2, source=STRANGER)))], NOON)
    assert (taken.events, taken.reached) == ((), {})
    assert stored_ids(services) == set()


def test_a_broken_chain_is_refused_and_found(services):
    services.ingest.take([Batch(EDGE, payload(sealed_events(2)))], NOON)
    other = sealed_events(4, person="bob")
    taken = services.ingest.take([Batch(EDGE, payload(other[2:]))], NOON)
    assert kinds(taken) == ["broken-chain"]
    assert taken.reached == {(EDGE, 1): 2}


def test_the_same_id_with_other_content_is_found_and_changes_nothing(services):
    chain = sealed_events(2)
    services.ingest.take([Batch(EDGE, payload(chain))], NOON)
    taken = services.ingest.take([Batch(EDGE, payload(sealed_events(2, person="bob")))], NOON)
    assert kinds(taken) == ["rewritten", "rewritten"]
    assert {event.person for event in services.events.opened(Filter(), OPENING)} == {"ada"}


def test_sources_and_epochs_are_counted_apart(services):
    batches = [
        Batch(EDGE, payload(sealed_events(2, epoch=1))),
        Batch(DESK, payload(sealed_events(3, source=DESK))),
        Batch(EDGE, payload(sealed_events(4, epoch=2))),
    ]
    assert services.ingest.take(batches, NOON).reached == {(EDGE, 1): 2, (DESK, 1): 3, (EDGE, 2): 4}


def test_an_event_is_read_back_as_it_came(services):
    chain = sealed_events(1)
    services.ingest.take([Batch(EDGE, payload(chain))], NOON)
    assert services.events.opened(Filter(), OPENING) == [parse(chain[0].line)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_doubling_of_batches_ends_in_the_same_stored_set(migrated, tmp_path_factory, data):
    chains = {EDGE: sealed_events(7), DESK: sealed_events(5, source=DESK)}
    cuts = [
        (source, chain[start:end])
        for source, chain in chains.items()
        for start, end in data.draw(
            st.lists(st.tuples(st.integers(0, len(chain)), st.integers(0, len(chain))), max_size=8)
        )
    ]
    everything = [*data.draw(st.permutations(cuts)), *chains.items()]
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{shutil.copy(migrated, folder / 'totem.db')}"
    opened = open_services(url, BUILDING, POLICY, SCOPES, folder / "site.key")
    handed_on = []
    for source, part in everything:
        handed_on += [e.id for e in opened.ingest.take([Batch(source, payload(part))], NOON).events]
    expected = {each.id for chain in chains.values() for each in chain}
    assert stored_ids(opened) == expected
    assert sorted(handed_on) == sorted(expected)
    opened.close()


@pytest.fixture
def site(database_url, tmp_path):
    """Return the small site's services, once on each database."""
    opened = open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    yield opened
    opened.close()


def test_a_large_batch_is_stored_as_it_came_on_either_database(site):
    chain = sealed_events(300)
    taken = site.ingest.take([Batch(EDGE, payload(chain[:200])), Batch(EDGE, payload(chain[200:]))], NOON)
    assert taken.reached == {(EDGE, 1): 300}
    kept = site.events.opened(Filter(), OPENING, limit=1_000)
    assert kept == [parse(each.line) for each in reversed(chain)]
    assert list(check(site.database)) == []


def test_events_stored_beyond_what_their_source_reached_are_met_again_without_harm(site):
    chain = sealed_events(120)
    with site.database.writing() as session:
        stored.add(session, [read(each.line) for each in chain[40:45]])
    taken = site.ingest.take([Batch(EDGE, payload(chain))], NOON)
    assert taken.reached == {(EDGE, 1): 120}
    assert stored_ids(site) == {each.id for each in chain}


def test_two_servers_that_take_the_first_batch_of_an_epoch_at_once_hand_it_on_once(postgresql_url, tmp_path):
    services = open_services(postgresql_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    records = [read(each.line) for each in sealed_events(60)]
    with ThreadPoolExecutor(1) as other_server:
        with services.database.writing() as session:
            sources.locked(session, [(EDGE, 1)])
            stored.add(session, records)
            sources.advance(session, {(EDGE, 1): Reach(60, records[-1].digest)})
            batch = Batch(EDGE, payload(sealed_events(50)))
            taken = other_server.submit(services.ingest.take, [batch], NOON)
            while not _somebody_waits(services):
                pass
        assert taken.result().events == ()
    assert taken.result().reached == {(EDGE, 1): 60}
    services.close()


def _somebody_waits(site):
    with site.database.reading() as session:
        return session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


def test_lines_of_a_thousand_epochs_keep_nobody_elses_events_out(services):
    vandal = b"\n".join(sealed_events(1, epoch=epoch)[0].line for epoch in range(1, 1500))
    honest = sealed_events(3, source=DESK)
    taken = services.ingest.take(
        [Batch(EDGE, vandal), Batch(DESK, b"\n".join(each.line for each in honest))], NOON
    )
    assert [event.id for event in taken.events if event.source == DESK] == [each.id for each in honest]
