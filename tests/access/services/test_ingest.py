"""Ingest stores each event once, whatever order, doubles and damage it comes in."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.services import open_services
from access.services.events import Filter, Opening, Purpose
from access.services.ingest import Batch, FindingKind
from policies.ids import SourceId
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
    from readers.wire.events import parse

    chain = sealed_events(1)
    services.ingest.take([Batch(EDGE, payload(chain))], NOON)
    assert services.events.opened(Filter(), OPENING) == [parse(chain[0].line)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_doubling_of_batches_ends_in_the_same_stored_set(tmp_path_factory, data):
    chains = {EDGE: sealed_events(7), DESK: sealed_events(5, source=DESK)}
    cuts = [
        (source, chain[start:end])
        for source, chain in chains.items()
        for start, end in data.draw(
            st.lists(st.tuples(st.integers(0, len(chain)), st.integers(0, len(chain))), max_size=8)
        )
    ]
    everything = [*data.draw(st.permutations(cuts)), *chains.items()]
    opened = open_services("sqlite://", BUILDING, POLICY, SCOPES, tmp_path_factory.mktemp("key") / "site.key")
    handed_on = []
    for source, part in everything:
        handed_on += [e.id for e in opened.ingest.take([Batch(source, payload(part))], NOON).events]
    expected = {each.id for chain in chains.values() for each in chain}
    assert stored_ids(opened) == expected
    assert sorted(handed_on) == sorted(expected)
    opened.close()


def test_lines_of_a_thousand_epochs_keep_nobody_elses_events_out(services):
    vandal = b"\n".join(sealed_events(1, epoch=epoch)[0].line for epoch in range(1, 1500))
    honest = sealed_events(3, source=DESK)
    taken = services.ingest.take(
        [Batch(EDGE, vandal), Batch(DESK, b"\n".join(each.line for each in honest))], NOON
    )
    assert [event.id for event in taken.events if event.source == DESK] == [each.id for each in honest]
