"""`totem bench load`: taps as they come, while the office works."""

from access.bench.load.bench import run

__all__ = ["run"]
