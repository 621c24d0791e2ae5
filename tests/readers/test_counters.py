"""Counts that only grow, whatever happens to the process or the disk."""

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.counters import FileCounters
from readers.errors import CounterFault

CARD = "04a1b2c3d4e5f6"


def test_a_count_is_taken_once_and_only_forwards(tmp_path):
    counters = FileCounters(tmp_path / "counters")
    assert [counters.advance(CARD, count) for count in (0, 0, 5, 4, 5, 6)] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]
    assert counters.advance("04ffffffffffff", 1), "another card has its own"
    counters.close()


def test_a_count_is_spent_for_the_next_process_too(tmp_path):
    first = FileCounters(tmp_path / "counters")
    assert first.advance(CARD, 7)
    # Killed here: nothing is closed.
    second = FileCounters(tmp_path / "counters")
    assert not second.advance(CARD, 7)
    assert second.advance(CARD, 8)
    first.close()
    second.close()


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 0xFFFFFF)), max_size=30), st.integers(0, 40))
def test_a_file_cut_anywhere_never_counts_further_than_was_answered(tmp_path_factory, taps, cut):
    path = tmp_path_factory.mktemp("cut") / "counters"
    counters = FileCounters(path)
    highest = {card: count for card, count in taps if counters.advance(card, count)}
    counters.close()
    path.write_bytes(path.read_bytes()[: max(path.stat().st_size - cut, 0)])
    again = FileCounters(path)
    for card, count in highest.items():
        assert again.advance(card, count + 1)
    again.close()


def test_of_readers_that_are_told_one_count_at_once_one_takes_it(tmp_path, monkeypatch):
    counters = FileCounters(tmp_path / "counters")

    class Hesitating(dict[str, int]):
        """Let another thread in between looking and keeping."""

        def get(self, card, default=None):
            found = super().get(card, default)
            time.sleep(0)
            return found

    monkeypatch.setattr(counters, "_counts", Hesitating())
    with ThreadPoolExecutor(8) as readers:
        for count in range(1, 40):
            assert sum(readers.map(counters.advance, [CARD] * 8, [count] * 8)) == 1
    counters.close()


def test_the_file_stays_small(tmp_path):
    counters = FileCounters(tmp_path / "counters")
    for count in range(600):
        assert counters.advance(CARD, count)
    assert (tmp_path / "counters").stat().st_size < 300 * len(f"{CARD} 599\n")
    assert not counters.advance(CARD, 599)
    counters.close()


@pytest.mark.parametrize("content", [b"\n", b"card\n", b"card x\n", b"card -1\n", b"\xff\xff 1\x00\n"])
def test_a_damaged_file_is_a_fault_that_names_its_line(tmp_path, content):
    (tmp_path / "counters").write_bytes(b"card 1\n" + content)
    with pytest.raises(CounterFault, match="line 2"):
        FileCounters(tmp_path / "counters")


def test_a_disk_that_cannot_be_written_is_a_fault_and_the_count_is_spent(tmp_path):
    counters = FileCounters(tmp_path / "counters")
    counters.close()
    counters._file = open("/dev/full", "ab", buffering=0)  # noqa: SIM115, PTH123, SLF001  (the disk is full)
    with pytest.raises(CounterFault, match="No space left"):
        counters.advance(CARD, 1)
    assert not counters.advance(CARD, 1)
    counters.close()


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow past a size, as a disk that fills up: what crosses it is written in part."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", range(1, len(f"{CARD} 2\n")))
def test_a_line_that_the_disk_takes_a_part_of_is_no_proof_and_spoils_no_other(tmp_path, room):
    path = tmp_path / "counters"
    counters = FileCounters(path)
    assert counters.advance(CARD, 1)
    with room_for(path.stat().st_size + room), pytest.raises(CounterFault):
        counters.advance(CARD, 2)
    assert not counters.advance(CARD, 2), "it is spent"
    assert counters.advance(CARD, 3), "there is room again"
    counters.close()
    again = FileCounters(path)
    assert not again.advance(CARD, 3)
    assert again.advance(CARD, 4)
    again.close()
