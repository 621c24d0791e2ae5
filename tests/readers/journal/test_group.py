"""Group commit: many events in one write and one sync, all of them kept or none, and nobody told before."""

import asyncio
import errno
import os
from contextlib import nullcontext, suppress
from fcntl import F_GETFL, fcntl
from threading import Event

import pytest

from readers.errors import JournalError
from readers.journal import Durability, GroupCommit, verify
from readers.wire.events import parse
from tests.disk import full_disk
from tests.readers.journal.samples import opened, tap


@pytest.fixture(params=Durability)
def journal(request, tmp_path):
    made = opened(tmp_path, durability=request.param)
    yield made
    made.close()


@pytest.fixture
def synced(tmp_path):
    made = opened(tmp_path, durability=Durability.SYNCED)
    yield made
    made.close()


@pytest.fixture
def writes(monkeypatch):
    """Return the files written to, and a list of faults: an `OSError` in it lets the next write break off midway."""
    done: list[int] = []
    faults: list[OSError] = []
    write = os.write

    def counted(fd, data):
        done.append(fd)
        if faults:
            write(fd, data[: len(data) // 2])
            raise faults.pop()
        return write(fd, data)

    monkeypatch.setattr(os, "write", counted)
    return done, faults


def records_of(folder):
    """Return how many records the one file of a journal holds, which is whole."""
    (file,) = folder.glob("*.journal")
    held = verify(file)
    assert held.is_whole, str(held.fault)
    return held.records


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
    assert records_of(tmp_path) == 40


def test_many_share_one_sync(synced, writes):
    run(synced, *(lambda commit, n=n: keep(commit, n) for n in range(40)))
    (file,) = writes[0]
    assert fcntl(file, F_GETFL) & os.O_DSYNC, "a write returns once it is on the disk"


def test_very_many_go_behind_those_that_are_being_written(synced, tmp_path, writes):
    async def three_in_turn(commit, number):
        return [await keep(commit, number) for _ in range(3)]

    kept = run(synced, *(lambda commit, n=n: three_in_turn(commit, n) for n in range(300)))
    assert sorted(record.line for each in kept for record in each) == sorted(synced.pending(1000))
    assert records_of(tmp_path) == 900
    assert 3 < len(writes[0]) < 20, "in groups, but not all of them in one"


def test_what_comes_while_the_disk_works_goes_with_the_next(synced, writes):
    async def three_in_turn(commit):
        return [await keep(commit, n) for n in range(3)]

    run(synced, three_in_turn, three_in_turn)
    assert len(writes[0]) == 3
    assert len(synced.pending(100)) == 6


def test_nothing_is_pending_before_it_is_kept(tmp_path):
    journal = opened(tmp_path)
    journal.stage(tap())
    assert (journal.pending(10), journal.position[1]) == ([], 0)
    journal.commit()
    assert (len(journal.pending(10)), journal.position[1]) == (1, 1)
    journal.close()


def test_a_disk_that_refuses_loses_the_group_and_what_was_staged_on_top_and_nothing_else(
    synced, tmp_path, writes
):
    synced.append(tap(0))
    writes[1].append(OSError(errno.EIO, "no"))

    async def later(commit):
        await asyncio.sleep(0)
        return await keep(commit, 2)

    first, second = run(synced, lambda commit: keep(commit, 1), later)
    assert isinstance(first, JournalError)
    assert isinstance(second, JournalError)
    assert "2" in str(first)
    again = run(synced, lambda commit: keep(commit, 3))
    assert [again[0].line] == synced.pending(10)[1:]
    assert records_of(tmp_path) == 2


@pytest.mark.parametrize("before", [0, 300])
def test_what_followed_a_group_that_broke_off_is_not_written_either(
    synced, tmp_path, writes, monkeypatch, before
):
    synced.append(tap(0))
    write, is_cut = os.write, Event()

    def break_off_once(fd, data):
        """Let the next write come when the file was cut, as the thread of the disk may be late."""
        monkeypatch.setattr(os, "write", lambda fd, data: is_cut.wait(10) and write(fd, data))
        writes[1].append(OSError(errno.EIO, "no"))
        return write(fd, data)

    async def all_at_once(commit, number):
        return await asyncio.gather(*(keep(commit, n) for n in range(number)), return_exceptions=True)

    async def breaks(commit):
        await all_at_once(commit, before)
        monkeypatch.setattr(os, "write", break_off_once)
        refused = await all_at_once(commit, 300)
        is_cut.set()
        return refused

    (refused,) = run(synced, breaks)
    assert {type(each) for each in refused} == {JournalError}
    assert len({str(each) for each in refused}) == 1, "all of them are told of the one fault"
    run(synced, lambda commit: keep(commit, 3))
    assert records_of(tmp_path) == len(synced.pending(1000)) == before + 2


@pytest.mark.parametrize("number", [1, 40, 300])
def test_the_end_keeps_what_is_on_its_way_and_tells_everybody(journal, tmp_path, number):
    told: list[JournalError | None] = []

    async def end_at_once():
        commit = GroupCommit(journal)
        for n in range(number):
            commit.stage(tap(n))
            commit.when_kept(told.append)
        commit.stage(tap(number))
        commit.close()
        await asyncio.sleep(0)

    asyncio.run(end_at_once())
    assert told == [None] * number
    assert records_of(tmp_path) == number + 1


@pytest.mark.parametrize("number", [1, 300])
def test_what_those_write_down_who_are_told_at_the_end_is_kept_too(journal, tmp_path, number):
    told: list[JournalError | None] = []

    async def end_at_once():
        commit = GroupCommit(journal)

        def take_back(fault):
            told.append(fault)
            commit.stage(tap(number))
            commit.when_kept(told.append)

        for n in range(number):
            commit.stage(tap(n))
            commit.when_kept(take_back)
        commit.close()

    asyncio.run(end_at_once())
    assert told == [None] * 2 * number
    assert records_of(tmp_path) == 2 * number
    assert len(journal.pending(1000)) == 2 * number


@pytest.mark.parametrize("number", [1, 300])
def test_a_disk_that_refuses_at_the_end_is_told_to_everybody_and_leaves_nothing(
    journal, tmp_path, writes, number
):
    told: list[JournalError | None] = []
    writes[1].append(OSError(errno.EIO, "no"))

    async def end_at_once():
        commit = GroupCommit(journal)
        for n in range(number):
            commit.stage(tap(n))
            commit.when_kept(told.append)
        commit.close()

    asyncio.run(end_at_once())
    assert len(told) == number
    assert {str(fault) for fault in told} == {str(told[0])}
    assert isinstance(told[0], JournalError)
    assert (records_of(tmp_path), journal.pending(10)) == (0, [])


def test_after_the_end_nothing_is_written_where_another_file_may_be_by_now(journal, writes):
    told: list[JournalError | None] = []

    async def come_too_late():
        commit = GroupCommit(journal)
        commit.close()
        commit.stage(tap())
        commit.when_kept(told.append)
        await asyncio.sleep(0)

    asyncio.run(come_too_late())
    assert (writes[0], told) == ([], [])


def test_nothing_is_appended_past_what_is_on_its_way(tmp_path):
    journal = opened(tmp_path)
    journal.stage(tap(0))
    group = journal.begin()
    assert group is not None
    with pytest.raises(JournalError, match="another thread is writing"):
        journal.append(tap(1))
    group.write()
    journal.finish(group)
    assert [parse(line).at for line in journal.pending(10)] == [tap(0).at]
    journal.close()


def test_a_disk_that_stays_full_is_logged_once_and_again_when_it_is_full_again(journal, caplog):
    async def scene(commit):
        for number in range(3):
            with pytest.raises(JournalError):
                await keep(commit, number)

    with full_disk():
        run(journal, scene)
    assert [record.message for record in caplog.records] == ["journal-fault"]

    async def later(commit):
        for room in (full_disk, nullcontext, full_disk):
            with room(), suppress(JournalError):
                await keep(commit, 1)

    run(journal, later)
    assert [record.message for record in caplog.records] == ["journal-fault"] * 3


def test_whoever_stops_waiting_disturbs_nobody(synced):
    async def hurried(commit):
        async with asyncio.timeout(0):
            await keep(commit, 1)

    hurry, other = run(synced, hurried, lambda commit: keep(commit, 2))
    assert isinstance(hurry, TimeoutError)
    assert other.line == synced.pending(10)[1]


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
