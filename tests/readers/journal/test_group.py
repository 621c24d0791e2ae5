"""Group commit: many events in one write and one sync, all of them kept or none, and nobody told before."""

import asyncio
import errno
import os

import pytest

from readers.errors import JournalError
from readers.journal import Durability, GroupCommit, verify
from tests.readers.journal.samples import opened, tap


@pytest.fixture(params=Durability)
def journal(request, tmp_path):
    made = opened(tmp_path, durability=request.param)
    yield made
    made.close()


@pytest.fixture
def syncs(monkeypatch):
    """Return the list of syncs; put an `OSError` into it to let the next one fail."""
    done: list[int] = []
    faults: list[OSError] = []
    sync = os.fdatasync

    def counted(fd):
        done.append(fd)
        if faults:
            raise faults.pop()
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", counted)
    return done, faults


async def keep(commit, number):
    sealed = commit.stage(tap(number))
    await commit.kept()
    return sealed


def run(journal, *scenes):
    """Run scenes at once over one journal, and return what became of each."""

    async def all_at_once():
        commit = GroupCommit(journal)
        try:
            return await asyncio.gather(*(scene(commit) for scene in scenes), return_exceptions=True)
        finally:
            commit.close()

    return asyncio.run(all_at_once())


def test_all_that_come_in_one_turn_share_a_write_and_are_chained(journal, tmp_path):
    kept = run(journal, *(lambda commit, n=n: keep(commit, n) for n in range(40)))
    assert [record.line for record in kept] == journal.pending(100)
    file = next(tmp_path.glob("*.journal"))
    assert (verify(file).records, verify(file).fault) == (40, None)


def test_many_share_one_sync(tmp_path, syncs):
    journal = opened(tmp_path, durability=Durability.SYNCED)
    run(journal, *(lambda commit, n=n: keep(commit, n) for n in range(40)))
    assert len(syncs[0]) == 1
    journal.close()


def test_what_comes_while_the_disk_works_goes_with_the_next(tmp_path, syncs):
    journal = opened(tmp_path, durability=Durability.SYNCED)

    async def three_in_turn(commit):
        return [await keep(commit, n) for n in range(3)]

    run(journal, three_in_turn, three_in_turn)
    assert len(syncs[0]) == 3
    assert len(journal.pending(100)) == 6
    journal.close()


def test_nothing_is_pending_before_it_is_kept(tmp_path):
    journal = opened(tmp_path)
    journal.stage(tap())
    assert (journal.pending(10), journal.position[1]) == ([], 0)
    journal.commit()
    assert (len(journal.pending(10)), journal.position[1]) == (1, 1)
    journal.close()


def test_a_disk_that_refuses_loses_the_group_and_what_was_staged_on_top_and_nothing_else(tmp_path, syncs):
    journal = opened(tmp_path, durability=Durability.SYNCED)
    journal.append(tap(0))
    syncs[1].append(OSError(errno.EIO, "no"))

    async def later(commit):
        await asyncio.sleep(0)
        return await keep(commit, 2)

    first, second = run(journal, lambda commit: keep(commit, 1), later)
    assert isinstance(first, JournalError)
    assert isinstance(second, JournalError)
    assert "2" in str(first)
    again = run(journal, lambda commit: keep(commit, 3))
    assert [again[0].line] == journal.pending(10)[1:]
    file = next(tmp_path.glob("*.journal"))
    assert (verify(file).records, verify(file).fault) == (2, None)
    journal.close()


def test_whoever_stops_waiting_disturbs_nobody(tmp_path):
    journal = opened(tmp_path, durability=Durability.SYNCED)

    async def hurried(commit):
        async with asyncio.timeout(0):
            await keep(commit, 1)

    hurry, other = run(journal, hurried, lambda commit: keep(commit, 2))
    assert isinstance(hurry, TimeoutError)
    assert other.line == journal.pending(10)[1]
    journal.close()


def test_a_file_is_not_left_while_events_are_on_their_way_into_it(tmp_path):
    journal = opened(tmp_path, rotate_bytes=1)
    journal.append(tap(0))
    epoch, _ = journal.position
    journal.stage(tap(1))
    journal.acknowledge(epoch, 1)
    journal.commit()
    assert journal.position == (epoch, 2)
    journal.acknowledge(epoch, 2)
    assert journal.position[0] > epoch
    journal.close()
