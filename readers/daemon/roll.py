"""The roll of a door computer's readers: which of them are there, since when, and what is wrong with the others.

A reader that is lost is journaled and told at once. One that is back is told at once too, and journaled when it has
stayed for a while: one that comes and goes, as on a bad plug, does not flood the journal.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from policies.ids import DoorId, ReaderId
from readers.errors import TransportDown
from readers.ports import CardTransport, Clock, Timer
from readers.wire.events import Draft, EventType
from readers.wire.signals import Line, ReaderStatus

_log = logging.getLogger(__name__)

STAYS_S = 5.0
"""How long a reader must be back before its outage is over in the journal."""


class Roll:
    """The readers by their ids. `note` keeps what happened, `on_change` hears that the roll reads differently."""

    def __init__(
        self,
        transports: Mapping[ReaderId, CardTransport],
        door_of: Callable[[ReaderId], DoorId | None],
        note: Callable[[Draft], object],
        on_change: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._transports, self._door_of = transports, door_of
        self._note, self._on_change, self._clock = note, on_change, clock
        # As the journal has it; the timer runs while the reader is back.
        self._lost: dict[ReaderId, Timer | None] = {}
        self.readers: dict[ReaderId, ReaderStatus] = {}

    def open(self) -> None:
        """Begin to watch."""
        for reader, transport in self._transports.items():
            transport.watch(partial(self._change, reader))

    def close(self) -> None:
        """Stop the timers."""
        for timer in self._lost.values():
            if timer is not None:
                timer.cancel()

    def _change(self, reader: ReaderId, outage: TransportDown | None) -> None:
        state, fault = (Line.ONLINE, None) if outage is None else (Line.OFFLINE, str(outage))
        self.readers[reader] = ReaderStatus(state, self._clock.now(), fault)
        if outage is None:
            self._is_back(reader)
        else:
            self._is_lost(reader, str(outage))
        self._on_change()

    def _is_lost(self, reader: ReaderId, fault: str) -> None:
        was_lost, timer = reader in self._lost, self._lost.get(reader)
        if timer is not None:
            timer.cancel()
        self._lost[reader] = None
        if not was_lost:
            _log.warning("reader-lost", extra={"reader": reader, "fault": fault})
            self._write(EventType.READER_OFFLINE, reader)

    def _is_back(self, reader: ReaderId) -> None:
        if reader in self._lost:
            self._lost[reader] = self._clock.call_later(STAYS_S, partial(self._has_stayed, reader))

    def _has_stayed(self, reader: ReaderId) -> None:
        del self._lost[reader]
        _log.info("reader-back", extra={"reader": reader})
        self._write(EventType.READER_ONLINE, reader)

    def _write(self, what: EventType, reader: ReaderId) -> None:
        self._note(Draft(self._clock.now(), what, self._door_of(reader), reader))
