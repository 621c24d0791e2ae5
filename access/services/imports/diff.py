"""What a file of people would change: who is new, who differs and in what, who is missing from it, and who is the same.

People are told apart by their external id, or by ours where a row has it. Missing are those of the organisations that
the file speaks of, and somebody who comes from another does not speak of it; being missing changes nothing by itself.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from access.services.imports.rows import COLUMNS, Wanted
from access.store.people import PersonRecord
from policies.ids import PersonId
from policies.roster import ResidentType


class Change(msgspec.Struct, frozen=True):
    """Somebody who differs: before, after, and the columns in which they do."""

    before: PersonRecord
    after: PersonRecord
    columns: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True):
    """What a file would change."""

    added: tuple[PersonRecord, ...] = ()
    changed: tuple[Change, ...] = ()
    ended: tuple[PersonRecord, ...] = ()
    unchanged: int = 0

    def size(self, *, is_ending: bool) -> int:
        """Return how many people are written."""
        return len(self.added) + len(self.changed) + (len(self.ended) if is_ending else 0)


def compare(
    wanted: Sequence[Wanted], known: Mapping[int, PersonRecord], those: Iterable[PersonRecord], at: datetime
) -> Difference:
    """Compare the file with the people `known`, by their line; `those` are all whom it could have spoken of."""
    added, changed, unchanged = [], [], 0
    for want in wanted:
        before = known.get(want.line)
        if before is None:
            if want.id is None:  # else it is about somebody who is not known, which is a fault
                added.append(_with(_nobody(), want))
            continue
        after = _with(before, want)
        if after == before:
            unchanged += 1
        else:
            columns = (name for name in COLUMNS if getattr(before, name) != getattr(after, name))
            after = msgspec.structs.replace(after, version=before.version + 1)
            changed.append(Change(before, after, tuple(columns)))
    named = {person.id for person in known.values()}
    ended = (
        person
        for person in those
        if person.external_id is not None
        and person.id not in named
        and (person.valid_until is None or person.valid_until > at)
    )
    return Difference(tuple(added), tuple(changed), tuple(ended), unchanged)


def _with(person: PersonRecord, want: Wanted) -> PersonRecord:
    given = {name: getattr(want, name) for name in COLUMNS if name in want.given}
    if "tiers" in given and set(given["tiers"]) == set(person.tiers):
        given.pop("tiers")  # the same tiers in another order are no change
    return msgspec.structs.replace(person, **given)


def _nobody() -> PersonRecord:
    """Return a new person's record with a random id: no file has a say in what the audit calls them."""
    return PersonRecord(PersonId(f"p-{secrets.token_hex(8)}"), ResidentType.VISITOR, name="")
