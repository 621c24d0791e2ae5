"""`totem bench tap`."""

from access.bench.tap.bench import run

__all__ = ["run"]
