"""What the readers of one computer share: its rights and record, its doors, and whoever waits at them."""

from collections.abc import Callable
from typing import NamedTuple

from policies.ids import ReaderId
from readers.daemon.company import Company
from readers.daemon.interlock import Interlock
from readers.daemon.ledger import Ledger
from readers.daemon.pins import PinDesk
from readers.daemon.portal import Portal
from readers.daemon.rights import Rights
from readers.ports import Clock


class Lobby(NamedTuple):
    """Where its attendants work. `portal` finds a reader's door, once a snapshot has named it."""

    rights: Rights
    ledger: Ledger
    clock: Clock
    portal: Callable[[ReaderId], Portal | None]
    pins: PinDesk
    interlock: Interlock
    company: Company

    def close(self) -> None:
        """Forget who waits."""
        self.interlock.close()
        self.company.close()
        self.pins.close()
