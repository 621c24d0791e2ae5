"""Verifying a file: every kind of damage is found, and told with its line."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.errors import JournalError
from readers.journal import verify
from readers.wire.events import seal
from tests.readers.journal.samples import EDGE, START, opened, tap

RECORDS = 5


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    journal = opened(folder)
    for number in range(RECORDS):
        journal.append(tap(number, person=None))
    journal.close()
    (file,) = folder.glob("*.journal")
    return file.read_bytes()


def verified(folder, content):
    file = folder / "x.journal"
    file.write_bytes(content)
    return verify(file)


def test_a_whole_file_is_whole(tmp_path, whole):
    found = verified(tmp_path, whole)
    assert (found.is_whole, found.records, found.source) == (True, RECORDS, EDGE)
    assert (found.first_at, found.last_at) == (START, START + timedelta(seconds=RECORDS - 1))


def test_an_empty_file_is_whole(tmp_path):
    assert verified(tmp_path, b"").is_whole


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(JournalError, match=r"none.journal: cannot be read"):
        verify(tmp_path / "none.journal")


def test_a_missing_line_is_found_where_it_is_missing(tmp_path, whole):
    lines = whole.splitlines(keepends=True)
    fault = verified(tmp_path, b"".join(lines[:2] + lines[3:])).fault
    assert fault is not None
    assert str(fault).startswith(f"{tmp_path}/x.journal:3: expected {EDGE}:")
    assert ":3 after" in fault.expected
    assert ":4 after" in fault.found
    assert not fault.is_torn


def test_lines_in_another_order_are_found(tmp_path, whole):
    lines = whole.splitlines(keepends=True)
    assert verified(tmp_path, b"".join([lines[1], lines[0], *lines[2:]])).records == 0


def test_a_forged_record_with_a_right_number_is_found(tmp_path, whole):
    lines = whole.splitlines(keepends=True)
    epoch = int(START.timestamp() * 1000)
    forged = seal(tap(99), EDGE, epoch, 3, "f" * 64, "salt").line + b"\n"
    found = verified(tmp_path, b"".join([*lines[:2], forged, *lines[3:]]))
    assert found.fault is not None
    assert (found.records, found.fault.line) == (2, 3)


@given(st.data())
def test_any_changed_byte_is_found(tmp_path_factory, whole, data):
    position = data.draw(st.integers(0, len(whole) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[position]))
    changed = whole[:position] + bytes([byte]) + whole[position + 1 :]
    found = verified(tmp_path_factory.mktemp("changed"), changed)
    last_line_begins = whole.rstrip(b"\n").rfind(b"\n") + 1
    if position < last_line_begins:
        assert not found.is_whole
    # In the last line only the form can be checked: its hash is in the record that comes after it.


@given(st.integers(0, 10_000))
def test_a_file_cut_anywhere_is_torn_or_whole_to_there(tmp_path_factory, whole, size):
    found = verified(tmp_path_factory.mktemp("cut"), whole[:size])
    assert found.records == whole[:size].count(b"\n")
    assert found.is_whole is (whole[:size].endswith(b"\n") or size == 0)
    assert found.fault is None or found.fault.is_torn


@given(st.binary(max_size=300))
def test_garbage_is_not_whole(tmp_path_factory, garbage):
    assert verified(tmp_path_factory.mktemp("garbage"), garbage).is_whole is (garbage == b"")
