"""People and taps in KM0, as `totem policy decide` reads them."""

from pathlib import Path

import policies

KM0 = Path(policies.__file__).parent / "km0"
ADA = {"id": "ada", "type": "student", "tiers": ["school-cnam"], "badges": [{"id": "04a1", "kind": "uid"}]}
BOB = {
    "id": "bob",
    "type": "visitor",
    "tiers": ["visitor-day"],
    "badges": [{"id": "04b1", "kind": "desfire"}],
}
EVE = {"id": "eve", "type": "emergency", "tiers": ["emergency"], "badges": [{"id": "04e1"}]}
TUESDAY_10 = "2026-09-15T10:00:00+02:00"


def tap(reader: str, badge: str = "04a1", at: str = TUESDAY_10, **more: object) -> dict[str, object]:
    return {"at": at, "reader": reader, "badge": badge, "assurance": "uid", **more}
