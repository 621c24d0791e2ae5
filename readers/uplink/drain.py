"""The journal on its way to the server: one batch in flight, let go of when the server says that it is stored.

State without IO: idle, or in flight. `next_batch` sends from the cursor, an acknowledgement or its absence leads back
to idle; what was sent and not acknowledged is sent again, and the server recognises it by its id.
"""

from readers.ports import Journal
from readers.wire.events import place
from readers.wire.signals import Ack

BATCH_LINES = 200
BATCH_BYTES = 64 * 1024


class Drain:
    """What is in flight of one journal. `in_flight` is the last record sent and not yet acknowledged, or None."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._sent: tuple[int, int] | None = None
        self.in_flight: tuple[int, int] | None = None

    @property
    def has_more(self) -> bool:
        """Return whether the journal holds anything that is not acknowledged."""
        return bool(self._journal.pending(1))

    def next_batch(self) -> bytes | None:
        """Return the next batch to send, now in flight, or None if one is already or nothing is left."""
        if self.in_flight is not None:
            return None
        lines = _fitting(self._journal.pending(BATCH_LINES))
        if not lines:
            return None
        self._sent = self.in_flight = place(lines[-1])
        return b"\n".join(lines)

    def acknowledged(self, ack: Ack) -> bool:
        """Let go of what is stored; return whether nothing is in flight any more.

        Only what was sent can be stored: a word about more is taken as far as that, about another epoch not at all.
        A word about less than was stored before comes from a server that was restored from a copy: it gets the rest
        again.
        """
        if self._sent is None or ack.epoch != self._sent[0]:
            return False
        epoch, last = self._sent
        if self._journal.rewind(epoch, ack.seq):
            self.in_flight = None
            return True
        self._journal.acknowledge(epoch, min(ack.seq, last))
        if self.in_flight is None or ack.seq < last:
            return False
        self.in_flight = None
        return True

    def give_up(self) -> None:
        """Take what is in flight as lost: it is sent again."""
        self.in_flight = None


def _fitting(lines: list[bytes]) -> list[bytes]:
    """Return as many of the first lines as fit a batch, but at least one."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > BATCH_BYTES and number:
            return lines[:number]
    return lines
