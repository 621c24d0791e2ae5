"""Files that come through a loss of power: small ones replaced whole, the old content or the new; names of new ones."""

import os
from pathlib import Path

_OWNER_ALONE = 0o600


def replace(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Put content in the place of what a file held, on the disk before this returns; readable by its owner alone.

    What is not `synced` comes through the death of the process, and perhaps not through a loss of power. Raise OSError
    where it cannot be done; the old content then stays.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE), "wb") as file:  # noqa: PTH123 (the mode)
        file.write(content)
        file.flush()
        if synced:
            os.fsync(file.fileno())
    fresh.replace(path)
    if synced:
        sync(path.parent)


def sync(directory: Path) -> None:
    """Return once the names in a directory are on the disk; raise OSError where that cannot be done."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
