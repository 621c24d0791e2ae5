"""The golden files: what was once sent is still read, and what is sent now is what others were told."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from readers.errors import WireError
from readers.journal import verify
from readers.wire import delta as change
from readers.wire.events import Draft, parse, sealed_part
from readers.wire.snapshot import read, sign
from tests.readers.wire.vectors import (
    DELTA,
    DRAFTS,
    EPOCH,
    EVENTS,
    KEY,
    SNAPSHOT,
    SOURCE,
    delta,
    sealed_lines,
    snapshot,
)

SIGNED_FROM = 8 + 64


def test_the_events_of_version_1_are_sealed_to_the_same_bytes():
    assert sealed_lines() == EVENTS.read_bytes()


def test_the_events_of_version_1_are_read_as_they_were_meant():
    lines = EVENTS.read_bytes().splitlines()
    for seq, (line, draft) in enumerate(zip(lines, DRAFTS, strict=True), start=1):
        event = parse(line)
        assert (event.v, event.source, event.epoch, event.seq) == (1, SOURCE, EPOCH, seq)
        assert {field: getattr(event, field) for field in Draft.__struct_fields__} == {
            field: getattr(draft, field) for field in Draft.__struct_fields__
        }


def test_the_chain_of_version_1_holds_whoever_was_erased(tmp_path):
    assert verify(EVENTS).is_whole
    erased = tmp_path / "erased.journal"
    erased.write_bytes(b"".join(sealed_part(line) + b"\n" for line in EVENTS.read_bytes().splitlines()))
    assert verify(erased).is_whole
    assert "élodie".encode() not in erased.read_bytes()


def test_the_snapshot_of_version_1_is_read_as_it_was_meant():
    assert read(SNAPSHOT.read_bytes(), KEY.public_key()) == snapshot()


def test_a_snapshot_made_now_has_all_that_version_1_has():
    old, new = SNAPSHOT.read_bytes(), sign(snapshot(), KEY)
    assert new[:8] == old[:8] == b"TOTEM-S1"
    assert_within(json.loads(old[SIGNED_FROM:]), json.loads(new[SIGNED_FROM:]))


def test_the_delta_of_version_1_is_read_as_it_was_meant():
    assert change.read(DELTA.read_bytes(), KEY.public_key()) == delta()


def test_a_delta_made_now_has_all_that_version_1_has():
    old, new = DELTA.read_bytes(), change.sign(delta(), KEY)
    assert new[:8] == old[:8] == b"TOTEM-D1"
    assert_within(json.loads(old[SIGNED_FROM:]), json.loads(new[SIGNED_FROM:]))


def assert_within(old, new, place="snapshot"):
    """Fields may be added; none may go or change."""
    if isinstance(old, dict):
        for key, value in old.items():
            assert key in new, f"{place}.{key} is gone"
            assert_within(value, new[key], f"{place}.{key}")
    elif isinstance(old, list):
        assert len(old) == len(new), place
        for number, (before, now) in enumerate(zip(old, new, strict=True)):
            assert_within(before, now, f"{place}[{number}]")
    else:
        assert old == new, place


@pytest.mark.parametrize("position", [0, 7, 8, 40, 71, 72, 100, -1])
def test_a_snapshot_with_any_byte_changed_is_refused(position):
    payload = bytearray(SNAPSHOT.read_bytes())
    payload[position] ^= 1
    with pytest.raises(WireError, match="snapshot"):
        read(bytes(payload), KEY.public_key())


@pytest.mark.parametrize("size", [0, 7, 8, 50, 72, 500])
def test_a_snapshot_cut_short_is_refused(size):
    with pytest.raises(WireError, match="snapshot"):
        read(SNAPSHOT.read_bytes()[:size], KEY.public_key())


def test_a_snapshot_signed_by_another_is_refused():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(WireError, match="not by this site's key"):
        read(sign(snapshot(), other), KEY.public_key())
