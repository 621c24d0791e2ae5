"""The files of `totem policy decide`: people as one JSON array, taps as JSON lines.

What they say becomes the vocabulary of policies; every error names the file, the line and the key.
"""

from codecs import BOM_UTF8
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from access.cli.json_places import doubled, fault, line_of, syntax_line
from access.errors import Invalid
from policies.building import Building
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    ReaderId,
    SpaceId,
    TierId,
)
from policies.request import AccessRequest, Assurance, DoorMode
from policies.roster import Badge, BadgeKind, BadgeStatus, Certification, Grant, Person, ResidentType, Roster
from policies.schedule import beyond_reach

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _BadgeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: BadgeId
    kind: BadgeKind = BadgeKind.UID
    status: BadgeStatus = BadgeStatus.ACTIVE
    valid_from: Instant | None = None
    valid_until: Instant | None = None


class _GrantForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    since: Instant
    until: Instant
    doors: tuple[DoorId, ...] = ()
    spaces: tuple[SpaceId, ...] = ()
    id: GrantId | None = None


class _PersonForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: PersonId
    type: ResidentType
    organisation: OrganisationId | None = None
    tiers: tuple[TierId, ...] = ()
    certifications: dict[CertificationId, Instant | None] = {}
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    suspended: bool = False
    extended_opening: bool = False
    badges: tuple[_BadgeForm, ...] = ()
    host: PersonId | None = None
    grants: tuple[_GrantForm, ...] = ()


class StateForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"companions": "with"}):
    """The live state that a tap brings along; what is absent comes from the taps before it."""

    counts: dict[SpaceId, int] | None = None
    inside: dict[PersonId, SpaceId] | None = None
    since: dict[PersonId, Instant] | None = None
    modes: dict[DoorId, DoorMode] = {}
    companions: tuple[PersonId, ...] = ()


class _TapForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: Instant
    reader: ReaderId
    badge: BadgeId
    assurance: Literal["none", "uid", "sun", "authenticated"] | None = None
    pin_ok: bool = False
    state: StateForm = StateForm()


class Tap(msgspec.Struct, frozen=True):
    """One line of the taps file: the request, and the state that it brings along."""

    request: AccessRequest
    state: StateForm


def read_people(path: Path) -> Roster:
    """Read the people file; raise `Invalid` at its first error."""
    text = _text(path)
    try:
        forms = msgspec.json.decode(text, type=list[_PersonForm])
    except msgspec.ValidationError as error:
        found = fault(error, list[_PersonForm])
        raise Invalid(f"{path}:{line_of(text, found.path)}: {found.key}: {found.message}") from error
    except msgspec.DecodeError as error:
        raise Invalid(f"{path}:{syntax_line(text)}: json: {error}") from error
    if twice := doubled(text):
        raise Invalid(f"{path}:{line_of(text, twice.path)}: {twice.key}: {twice.message}")
    _refuse_doubles(path, text, forms)
    return Roster.of(
        map(_person, forms), (_badge(form, person.id) for person in forms for form in person.badges)
    )


def read_taps(path: Path, building: Building, roster: Roster) -> list[Tap]:
    """Read the taps file; raise `Invalid` with every line that is wrong. Empty lines say nothing."""
    taps: list[Tap] = []
    faults: list[str] = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
        try:
            if line.strip():
                form = msgspec.json.decode(line, type=_TapForm)
                if twice := doubled(line):
                    faults.append(f"{path}:{number}: {twice.key}: {twice.message}")
                faults += (f"{path}:{number}: {message}" for message in _faults(form, building))
                taps.append(_tap(form, roster))
        except msgspec.ValidationError as error:
            found = fault(error, _TapForm)
            faults.append(f"{path}:{number}: {found.key}: {found.message}")
        except msgspec.DecodeError as error:
            faults.append(f"{path}:{number}: json: {error}")
    if faults:
        raise Invalid("\n".join(faults))
    return taps


def _text(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(BOM_UTF8):
        raise Invalid(f"{path}:1: encoding: it begins with a byte order mark; expected UTF-8 without one")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(f"{path}:{line}: encoding: expected UTF-8") from error


def _refuse_doubles(path: Path, text: str, people: list[_PersonForm]) -> None:
    """Refuse an id that two people or two badges have: which of them was meant cannot be known."""
    names: set[str] = set()
    badges: set[str] = set()
    for number, person in enumerate(people):
        entries: list[tuple[str, str, str, set[str]]] = [(f"[{number}].id", "person", person.id, names)]
        entries += [
            (f"[{number}].badges[{place}].id", "badge", badge.id, badges)
            for place, badge in enumerate(person.badges)
        ]
        for place, noun, name, seen in entries:
            if name in seen:
                raise Invalid(
                    f"{path}:{line_of(text, place)}: id: the {noun} {name} is there twice; expected once"
                )
            seen.add(name)


def _person(form: _PersonForm) -> Person:
    return Person(
        form.id,
        form.type,
        form.organisation,
        form.tiers,
        tuple(Certification(name, until) for name, until in form.certifications.items()),
        tuple(_grant(grant, number) for number, grant in enumerate(form.grants, start=1)),
        form.valid_from,
        form.valid_until,
        form.suspended,
        form.extended_opening,
        form.host,
    )


def _grant(form: _GrantForm, number: int) -> Grant:
    return Grant(form.id or GrantId(str(number)), form.since, form.until, form.doors, form.spaces)


def _badge(form: _BadgeForm, person: PersonId) -> Badge:
    return Badge(form.id, form.kind, person, form.status, form.valid_from, form.valid_until)


def _tap(form: _TapForm, roster: Roster) -> Tap:
    badge = roster.badges.get(form.badge)
    given = badge.kind.least_proof if badge else Assurance.NONE
    proof = given if form.assurance is None else Assurance[form.assurance.upper()]
    return Tap(
        AccessRequest(form.at, form.reader, form.badge, proof, form.pin_ok, form.state.companions), form.state
    )


def _faults(form: _TapForm, building: Building) -> Iterable[str]:
    if beyond := beyond_reach(form.at):
        yield f"at: {beyond}"
    if form.reader not in building.readers:
        yield f"reader: the reader {form.reader} does not exist; expected one of building.toml"
    yield from (f"state.{message}" for message in unknown_in_state(form.state, building))


def unknown_in_state(state: StateForm, building: Building) -> Iterable[str]:
    """Yield `key: what is wrong` for every id that a live state names and the building does not have."""
    for door in state.modes:
        if door not in building.doors:
            yield f"modes: the door {door} does not exist; expected one of building.toml"
    inside = () if state.inside is None else state.inside.values()
    for key, spaces in (("counts", state.counts or ()), ("inside", inside)):
        for space in spaces:
            if space not in building.spaces:
                yield f"{key}: the space {space} does not exist; expected one of building.toml"
