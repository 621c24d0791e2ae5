"""The journal on disk: what is appended stays, in order, until the server has it."""

from datetime import timedelta

import pytest

from readers.errors import JournalError
from readers.journal import Durability, verify
from readers.journal.backlog import WINDOW_LINES
from readers.wire.events import GENESIS, digest, parse
from tests.disk import full_disk
from tests.readers.journal.samples import EDGE, START, opened, tap

FIRST_EPOCH = int(START.timestamp() * 1000)


def seqs(lines: list[bytes]) -> list[int]:
    return [parse(line).seq for line in lines]


@pytest.mark.parametrize("durability", Durability)
def test_records_are_numbered_from_one_and_chained(tmp_path, durability):
    journal = opened(tmp_path, durability=durability)
    kept = [journal.append(tap(number)) for number in range(3)]
    events = [parse(line) for line in journal.pending(10)]
    assert [event.id for event in events] == [f"{EDGE}:{FIRST_EPOCH}:{seq}" for seq in (1, 2, 3)]
    assert [event.prev for event in events] == [GENESIS, kept[0].digest, kept[1].digest]
    assert journal.position == (FIRST_EPOCH, 3)
    assert journal.pending(2) == [kept[0].line, kept[1].line]


def test_what_is_acknowledged_is_not_sent_again_even_after_a_restart(tmp_path):
    journal = opened(tmp_path)
    for number in range(10):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, 4)
    assert seqs(journal.pending(100)) == [5, 6, 7, 8, 9, 10]
    journal.close()
    again = opened(tmp_path)
    assert seqs(again.pending(100)) == [5, 6, 7, 8, 9, 10]
    again.acknowledge(FIRST_EPOCH, 10)
    assert again.pending(100) == []


def test_whatever_the_server_may_not_have_is_told_of_every_epoch(tmp_path):
    kept = []
    for number in (3, WINDOW_LINES + 2, 1):
        journal = opened(tmp_path)
        kept += [journal.append(tap(each)).line for each in range(number)]
        journal.acknowledge(FIRST_EPOCH, 2)
        journal.close()
    again = opened(tmp_path)
    assert list(again.unacknowledged()) == kept[2:]
    assert again.pending(10_000) == kept[2:3]


@pytest.mark.parametrize(("epoch", "seq"), [(0, 3), (0, 0), (-1, 9), (0, 11), (1, 1), (0, 10**18)])
def test_a_word_about_the_past_or_what_never_was_changes_nothing(tmp_path, epoch, seq):
    journal = opened(tmp_path)
    for number in range(10):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, 4)
    journal.acknowledge(FIRST_EPOCH + epoch, seq)
    assert seqs(journal.pending(100)) == [5, 6, 7, 8, 9, 10]
    assert journal.acknowledged == (FIRST_EPOCH, 4)


def test_a_long_silence_is_sent_from_the_file(tmp_path):
    journal = opened(tmp_path)
    total = 3 * WINDOW_LINES + 17
    for number in range(total):
        journal.append(tap(number))
    sent: list[int] = []
    while batch := journal.pending(200):
        sent += seqs(batch)
        journal.acknowledge(FIRST_EPOCH, sent[-1])
        if sent[-1] == 400:
            journal.append(tap(total))
    assert sent == list(range(1, total + 2))


def test_an_acknowledgement_far_ahead_of_the_window_is_followed(tmp_path):
    journal = opened(tmp_path)
    for number in range(3 * WINDOW_LINES):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, 2 * WINDOW_LINES + 5)
    assert seqs(journal.pending(2)) == [2 * WINDOW_LINES + 6, 2 * WINDOW_LINES + 7]


def test_every_opening_begins_a_higher_epoch_even_if_the_clock_went_back(tmp_path):
    epochs = []
    for hours in (0, 1, -5, -5, 0):
        journal = opened(tmp_path, START + timedelta(hours=hours))
        epochs.append(parse(journal.append(tap()).line).epoch)
        journal.close()
    assert epochs == sorted(set(epochs))
    last = opened(tmp_path, START + timedelta(hours=9))
    assert [parse(line).epoch for line in last.pending(10)] == [epochs[0]]


def test_epochs_in_which_nothing_was_written_leave_no_file(tmp_path):
    for _ in range(5):
        opened(tmp_path).close()
    assert len(list(tmp_path.glob("*.journal"))) == 1


def test_a_second_writer_is_refused_and_disturbs_nothing(tmp_path):
    journal = opened(tmp_path)
    journal.append(tap())
    with pytest.raises(JournalError, match="expected no other writer"):
        opened(tmp_path)
    journal.append(tap())
    journal.close()
    assert len(opened(tmp_path).pending(10)) == 2


def test_an_unfinished_last_line_is_set_aside_and_the_rest_is_whole(tmp_path, caplog):
    journal = opened(tmp_path)
    for number in range(3):
        journal.append(tap(number))
    journal.close()
    file = tmp_path / f"{FIRST_EPOCH}.journal"
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"at":"2026-09-15T0')
    again = opened(tmp_path)
    assert file.read_bytes() == whole
    assert file.with_suffix(".torn").read_bytes() == b'{"at":"2026-09-15T0'
    assert "journal-torn" in caplog.text
    assert seqs(again.pending(10)) == [1, 2, 3]


@pytest.mark.parametrize("rest", [b"\0" * 4096, b"\n", b'{"v":1}\n', b"\xff\xfe\n"], ids=repr)
def test_a_last_line_that_is_no_record_is_set_aside(tmp_path, rest):
    journal = opened(tmp_path)
    journal.append(tap())
    journal.close()
    file = tmp_path / f"{FIRST_EPOCH}.journal"
    file.write_bytes(file.read_bytes() + rest)
    again = opened(tmp_path)
    assert seqs(again.pending(10)) == [1]
    assert file.with_suffix(".torn").read_bytes() == rest
    assert verify(file).is_whole


def test_damage_in_the_middle_stays_untouched_and_what_is_before_it_is_sent(tmp_path, caplog):
    journal = opened(tmp_path)
    for number in range(5):
        journal.append(tap(number))
    journal.close()
    file = tmp_path / f"{FIRST_EPOCH}.journal"
    damaged = file.read_bytes().replace(b'"seq":3', b'"seq":8', 1)
    file.write_bytes(damaged)
    again = opened(tmp_path)
    assert file.read_bytes() == damaged
    assert f"{file}:3: expected" in caplog.records[-1].__dict__["fault"]
    assert seqs(again.pending(10)) == [1, 2]
    again.append(tap(9))
    again.acknowledge(FIRST_EPOCH, 2)
    (after,) = [parse(line) for line in again.pending(10)]
    assert (after.epoch > FIRST_EPOCH, after.seq) == (True, 1)


def test_a_file_of_another_source_is_never_sent(tmp_path, caplog):
    journal = opened(tmp_path)
    journal.append(tap())
    journal.close()
    file = tmp_path / f"{FIRST_EPOCH}.journal"
    file.write_bytes(file.read_bytes().replace(b"edge-1", b"edge-2"))
    again = opened(tmp_path)
    assert again.pending(10) == []
    assert "journal-damaged" in caplog.text


@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_full_disk_refuses_the_record_and_takes_the_next_when_there_is_room(tmp_path, room):
    journal = opened(tmp_path)
    journal.append(tap(1))
    file = tmp_path / f"{FIRST_EPOCH}.journal"
    whole = file.read_bytes()
    with full_disk(file.stat().st_size + room):
        for _ in range(3):
            with pytest.raises(JournalError, match=f"{file}: record 2 not kept"):
                journal.append(tap(2))
        assert file.read_bytes() == whole
        assert seqs(journal.pending(10)) == [1]
    journal.append(tap(3))
    assert seqs(journal.pending(10)) == [1, 2]
    assert verify(file).records == 2


@pytest.mark.parametrize("content", [b"", b"garbage", b"9" * 51, b"\0" * 51], ids=repr)
def test_a_damaged_cursor_sends_everything_again(tmp_path, content):
    journal = opened(tmp_path)
    for number in range(5):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, 3)
    journal.close()
    (tmp_path / "acknowledged").write_bytes(content)
    assert seqs(opened(tmp_path).pending(10)) == [1, 2, 3, 4, 5]


def test_a_large_file_is_left_for_a_new_one_once_the_server_has_it_all(tmp_path):
    journal = opened(tmp_path, rotate_bytes=2000)
    for number in range(20):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, 19)
    assert journal.position == (FIRST_EPOCH, 20)
    journal.acknowledge(FIRST_EPOCH, 20)
    epoch, seq = journal.position
    assert (epoch > FIRST_EPOCH, seq) == (True, 0)
    journal.append(tap(21))
    assert [(parse(line).epoch, parse(line).seq) for line in journal.pending(10)] == [(epoch, 1)]


def test_pruning_deletes_what_is_old_and_acknowledged_and_nothing_else(tmp_path):
    for day in range(4):
        journal = opened(tmp_path, START + timedelta(days=day))
        journal.append(tap())
        if day < 2:
            journal.acknowledge(*journal.position)
        journal.close()
    journal = opened(tmp_path, START + timedelta(days=4))
    day_ms = 86_400_000
    assert journal.prune(START + timedelta(days=1) - timedelta(seconds=1)) == []
    assert journal.prune(START + timedelta(days=1)) == [FIRST_EPOCH]
    assert journal.prune(START + timedelta(days=30)) == [FIRST_EPOCH + day_ms]
    assert len(journal.pending(10)) == 1
    assert not (tmp_path / f"{FIRST_EPOCH}.journal").exists()


def test_pruning_leaves_an_old_current_file_so_that_the_next_can_delete_it(tmp_path):
    now = START
    journal = opened(tmp_path)
    journal.append(tap())
    journal.acknowledge(*journal.position)
    assert journal.prune(now + timedelta(days=1)) == [FIRST_EPOCH]
    journal.append(tap())
    assert len(journal.pending(10)) == 1


def test_erasing_a_person_leaves_the_file_whole(tmp_path):
    journal = opened(tmp_path)
    for number in range(3):
        journal.append(tap(number))
    journal.close()
    file = tmp_path / f"{FIRST_EPOCH}.journal"
    lines = file.read_bytes().splitlines()
    cut = lines[1][: lines[1].rfind(b',"salt"')] + b"}"
    assert digest(cut) == digest(lines[1])
    file.write_bytes(b"\n".join([lines[0], cut, lines[2], b""]))
    assert verify(file).is_whole
    assert b"p-1" not in cut


@pytest.mark.parametrize("seq", [0, 3, WINDOW_LINES + 5])
def test_what_the_server_has_lost_again_is_sent_again(tmp_path, seq):
    journal = opened(tmp_path)
    total = 2 * WINDOW_LINES
    for number in range(total):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, total - 1)
    assert journal.rewind(FIRST_EPOCH, seq)
    assert seqs(journal.pending(2)) == [seq + 1, seq + 2]
    journal.close()
    assert seqs(opened(tmp_path).pending(2)) == [seq + 1, seq + 2]


@pytest.mark.parametrize(("epoch", "seq"), [(0, 4), (0, 5), (0, -1), (1, 0), (-1, 0)])
def test_a_journal_goes_back_only_to_before_what_was_acknowledged(tmp_path, epoch, seq):
    journal = opened(tmp_path)
    for number in range(10):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, 4)
    assert not journal.rewind(FIRST_EPOCH + epoch, seq)
    assert seqs(journal.pending(100)) == [5, 6, 7, 8, 9, 10]


def test_a_cursor_whose_checksum_is_wrong_is_not_believed(tmp_path):
    journal = opened(tmp_path)
    for number in range(10):
        journal.append(tap(number))
    journal.acknowledge(FIRST_EPOCH, 4)
    journal.close()
    cursor = tmp_path / "acknowledged"
    cursor.write_bytes(cursor.read_bytes().replace(b"4 ", b"9 ", 1))
    assert seqs(opened(tmp_path).pending(100)) == list(range(1, 11))


def test_an_epoch_that_was_acknowledged_and_deleted_is_never_given_out_again(tmp_path):
    journal = opened(tmp_path)
    journal.append(tap())
    journal.acknowledge(FIRST_EPOCH, 1)
    journal.close()
    (tmp_path / f"{FIRST_EPOCH}.journal").unlink()
    assert opened(tmp_path).position[0] > FIRST_EPOCH
