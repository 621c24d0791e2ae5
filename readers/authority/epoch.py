"""The newest epoch that this door computer has heard of: an authorizer with an older one has been replaced.

It comes through restarts. It is written beside the path of a tap: what a power cut takes of it, the next answer or
the next rights bring again.
"""

import asyncio
import logging
from pathlib import Path
from threading import Lock

from readers import durable

_log = logging.getLogger(__name__)


class Epoch:
    """The number, in memory and in a file; without a file in memory alone."""

    def __init__(self, kept: Path | None) -> None:
        self._kept, self._lock = kept, Lock()
        self.newest = self._read()

    def learn(self, epoch: int) -> bool:
        """Take note of an epoch; return False for one that is older than another heard of."""
        if epoch > self.newest:
            self.newest = epoch
            if self._kept is not None:
                asyncio.get_running_loop().run_in_executor(None, self._write, self._kept)
        return epoch >= self.newest

    def _write(self, kept: Path) -> None:
        with self._lock:
            try:
                durable.replace(kept, b"%d\n" % self.newest)
            except OSError as fault:
                _log.error("epoch-not-kept", extra={"epoch": self.newest, "fault": str(fault)})

    def _read(self) -> int:
        try:
            return int(self._kept.read_bytes()) if self._kept is not None and self._kept.exists() else 0
        except (OSError, ValueError) as fault:
            _log.error("epoch-unreadable", extra={"file": str(self._kept), "fault": str(fault)})
            return 0
