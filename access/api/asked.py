"""What a controller sends to `POST /v1/authorize`: read strictly, in one place, for both ways that lead there."""

import re
from typing import Annotated, Any, Literal

import msgspec

from access.errors import Invalid
from access.services.decisions import DEADLINE_S, PIN_DEADLINE_S, Question
from policies.ids import BadgeId, ReaderId
from policies.request import Assurance
from policies.roster import BadgeKind
from readers.errors import WireError
from readers.wire.reservations import Reserve, read_reserve

MOST_BYTES = 4096
"""A tap takes some two hundred bytes."""

LONGEST_DEADLINE_MS = 10_000

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
_Deadline = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_DEADLINE_MS)]


class BadgeRead(msgspec.Struct, frozen=True):
    """A badge as the controller read it."""

    kind: BadgeKind
    id: _Identifier


class Tap(msgspec.Struct, frozen=True):
    """What is asked. `deadline_ms` is how long the answer may take: after it, the tap is refused.

    If not said, it is 50, and 1000 with a `pin`, which is made to be slow to compare. A tap that is `pending` with
    `verification-required` is asked again with the PIN that was entered. `id` is the asker's own name for this tap:
    asked again under it, within a minute, the tap has the same answer and is recorded once.
    """

    reader: _Id
    badge: BadgeRead
    assurance: Literal["none", "uid", "sun", "authenticated"]
    deadline_ms: _Deadline | None = None
    pin: Annotated[str, msgspec.Meta(min_length=1, max_length=16)] | None = None
    id: _Id | None = None


def read_tap(body: bytes) -> Tap:
    """Read a tap; raise `Invalid`, naming the place and not what stood there."""
    _expect_no_nul(body)
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"body: {_with_choices(without_values(str(error)))}") from error
    except RecursionError as error:
        raise Invalid("body: it is nested deeper than anything that means something") from error


def read_reservation(body: bytes) -> Reserve:
    """Read what a door computer asks; raise `Invalid` as `read_tap` does."""
    _expect_no_nul(body)
    try:
        return read_reserve(body)
    except WireError as error:
        raise Invalid(f"body: {without_values(str(error))}") from error


def _expect_no_nul(body: bytes) -> None:
    """Raise `Invalid` for what no database keeps: an event with it would be refused, and all that come after it."""
    if b"\\u0000" in body:
        raise Invalid("body: expected text without U+0000")


def without_values(told: str) -> str:
    """Return what msgspec says is wrong without what stood there: nothing that was sent is sent back."""
    return _VALUE.sub("", told)


def _with_choices(told: str) -> str:
    """Return what is wrong with what there is to choose from, where that is all."""
    choices = next((names for place, names in _CHOICES.items() if told.endswith(place)), None)
    return told if choices is None or "enum" not in told else f"{told}: expected {', '.join(choices)}"


def question_of(tap: Tap) -> Question:
    """Return the tap as the authorizer is asked."""
    proof = _PROOF[tap.assurance]
    return Question(ReaderId(tap.reader), tap.badge.kind, BadgeId(tap.badge.id), proof, tap.pin, tap.id)


def within_s(tap: Tap) -> float:
    """Return how long the answer to a tap may take, in seconds."""
    if tap.deadline_ms is not None:
        return tap.deadline_ms / 1000
    return DEADLINE_S if tap.pin is None else PIN_DEADLINE_S


def schema(asked: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON Schema of what is sent, whole, for the interface's description."""
    (root,), parts = msgspec.json.schema_components([asked], ref_template="{name}")
    whole = _inlined(root, parts)
    return whole if isinstance(whole, dict) else {}


def _inlined(part: object, parts: dict[str, Any]) -> object:
    if isinstance(part, list):
        return [_inlined(each, parts) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(parts[part["$ref"]], parts)
    return {name: _inlined(value, parts) for name, value in part.items()}


_decode = msgspec.json.Decoder(Tap).decode
_VALUE = re.compile(r" '.*'(?= - at )", re.DOTALL)
_CHOICES = {
    "`$.badge.kind`": [kind.value for kind in BadgeKind],
    "`$.assurance`": [assurance.name.lower() for assurance in Assurance],
}
_PROOF = {assurance.name.lower(): assurance for assurance in Assurance}
