"""The door computer's loop: taps, decisions, doors and their record. Every port comes by argument."""

from readers.daemon.daemon import Daemon
from readers.daemon.rights import Rights

__all__ = ["Daemon", "Rights"]
