"""The published vectors of card protocols, by their id; each names its public source."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "vectors" / "credentials.json"
VECTORS: dict[str, dict[str, Any]] = {each["id"]: each for each in json.loads(_FILE.read_text())["vectors"]}


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)
