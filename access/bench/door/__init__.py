"""`totem bench door`."""

from access.bench.door.bench import run

__all__ = ["run"]
