"""The door computer's loop: taps, decisions, doors and their record. Every port comes by argument."""

from readers.daemon.daemon import Daemon
from readers.daemon.garbage import Garbage
from readers.daemon.rights import Rights
from readers.daemon.visit import Credentials

__all__ = ["Credentials", "Daemon", "Garbage", "Rights"]
