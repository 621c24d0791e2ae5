"""The file handles of this process: what is left behind shows here."""

from pathlib import Path


def open_handles() -> int:
    """Return how many are open."""
    return len(list(Path("/proc/self/fd").iterdir()))
