"""`totem bench authorize`: what a controller waits for, and what it would wait for without us."""

from access.bench.authorize.bench import run

__all__ = ["run"]
