"""The drain alone: what was never sent is never let go of, whatever an acknowledgement claims."""

from pathlib import Path

from readers.uplink.drain import Drain
from readers.wire.signals import Ack
from tests.readers.journal.samples import opened, tap


def test_a_word_about_more_than_was_sent_lets_go_of_no_more_than_that(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    drain = Drain(journal)
    for number in range(3):
        journal.append(tap(number))
    drain.next_batch()
    for number in range(3, 6):
        journal.append(tap(number))
    epoch, _ = journal.position
    assert drain.acknowledged(Ack(epoch, 5))
    assert journal.acknowledged == (epoch, 3)
    assert len(journal.pending(10)) == 3
