"""Small files that are replaced whole: after a fault or a loss of power they hold the old content or the new one."""

import os
from pathlib import Path

_OWNER_ALONE = 0o600


def replace(path: Path, content: bytes) -> None:
    """Put content in the place of what a file held, on the disk before this returns; readable by its owner alone.

    Raise OSError where that cannot be done; the old content then stays.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE), "wb") as file:  # noqa: PTH123 (the mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
