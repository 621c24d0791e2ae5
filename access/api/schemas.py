"""What travels over HTTP: the shapes of the contract, told apart from what is stored."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from policies.roster import BadgeKind, BadgeStatus, ResidentType


def _read_as_instant(told: object, read: ValidatorFunctionWrapHandler) -> object:
    """Return what was told as a moment; raise ValueError in words of what is expected, for bare numbers too."""
    try:
        if isinstance(told, datetime) or (isinstance(told, str) and not _TIME_OF_DAY.isdisjoint(told)):
            return read(told)
    except ValidationError as error:
        raise ValueError(_NO_INSTANT) from error
    raise ValueError(_NO_INSTANT)


_TIME_OF_DAY = frozenset("Tt ")
_NO_INSTANT = "expected a time with its offset, as 2026-09-01T08:00:00+02:00"


def _told_in_utc(moment: datetime) -> datetime:
    """Return the moment; raise ValueError for the hours at either end of the calendar that UTC has no name for."""
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("expected a time between the years 1 and 9999 in UTC") from error
    return moment


def _of_the_calendar(day: date) -> date:
    """Return the day; raise ValueError for one that no calendar of a building holds."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"expected a day from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _read_as_day(told: object) -> object:
    """Return what was told as a day; raise ValueError in words of what is expected."""
    try:
        return date.fromisoformat(told) if isinstance(told, str) else told
    except ValueError as error:
        raise ValueError("expected a day such as 2026-09-15") from error


def _in_one_line(text: str) -> str:
    """Return text as a file's cells are read: no blanks at its ends, none twice; raise ValueError if none is left."""
    told = " ".join(text.split())
    if not told or not told.isprintable():
        raise ValueError("expected printable characters in one line")
    return told


FIRST_YEAR, LAST_YEAR = 1970, 2199
"""A calendar is compiled for a few years; beyond, hours mean nothing."""

Day = Annotated[date, BeforeValidator(_read_as_day), AfterValidator(_of_the_calendar)]
Instant = Annotated[AwareDatetime, WrapValidator(_read_as_instant), AfterValidator(_told_in_utc)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
BadgeIdentifier = Annotated[str, Field(min_length=1, max_length=128)]
Reason = Annotated[str, Field(min_length=1, max_length=300)]
_NOT_BLANK = {"pattern": r"\S"}
ExternalId = Annotated[
    str, Field(min_length=1, max_length=64, json_schema_extra=_NOT_BLANK), AfterValidator(_in_one_line)
]
Name = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra=_NOT_BLANK), AfterValidator(_in_one_line)
]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern="^[^\0]*$")]
"""What is looked for: no text in a database has a NUL."""


class Sent(BaseModel):
    """Anything that clients send: what is not known is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_no_nul(cls, sent: object) -> object:
        """Return what was sent; raise ValueError for the one character that PostgreSQL cannot keep."""
        if isinstance(sent, dict):
            for name, value in sent.items():
                for text in value if isinstance(value, list) else (value,):
                    if isinstance(text, str) and "\0" in text:
                        raise ValueError(f"{name}: expected text without U+0000")
        return sent


class CertificationBody(Sent):
    """A training held until `until`; for ever if null."""

    id: Id
    until: Instant | None = None


class GrantBody(Sent):
    """A temporary right to doors or spaces."""

    id: Id
    valid_from: Instant
    valid_until: Instant
    doors: list[Id] = []
    spaces: list[Id] = []


class PersonChange(Sent):
    """What to change of a person; what is not sent stays."""

    name: Name = ""
    external_id: ExternalId | None = None
    type: ResidentType = ResidentType.VISITOR
    organisation: Id | None = None
    tiers: list[Id] = []
    certifications: list[CertificationBody] = []
    grants: list[GrantBody] = []
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    suspended: bool = False
    extended_opening: bool = False
    host: Id | None = None


class NewPerson(PersonChange):
    """A person to enrol; without an id they are given one."""

    id: Id | None = None
    name: Name
    type: ResidentType


class PersonBody(NewPerson):
    """A person, by whatever name they were enrolled."""

    id: str
    external_id: str | None
    name: str
    version: int


class Departed(BaseModel):
    """What a departure ended: the badges revoked and the visits that are off."""

    person: PersonBody
    badges: list[str]
    visits: list[str]


class BadgeChange(Sent):
    """What to change of a badge; what is not sent stays. Its status changes by verbs."""

    person: Id | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None


class NewBadge(BadgeChange):
    """A badge to issue: its identifier as a reader reads it."""

    id: BadgeIdentifier
    kind: BadgeKind
    status: BadgeStatus = BadgeStatus.ACTIVE


class Replacement(Sent):
    """The badge that takes another's place."""

    id: BadgeIdentifier
    kind: BadgeKind
    status: BadgeStatus = BadgeStatus.ACTIVE
    valid_from: Instant | None = None
    valid_until: Instant | None = None


class BadgeBody(NewBadge):
    """A badge. Of its use only the last day is known."""

    version: int
    issued_at: datetime | None
    last_used: date | None
    replaced_by: str | None


class OrganisationChange(Sent):
    """What to change of an organisation; what is not sent stays. `tiers`: those that its own managers may give."""

    name: Name = ""
    tiers: list[Id] = []


class NewOrganisation(OrganisationChange):
    """An organisation to add."""

    id: Id
    name: Name


class OrganisationBody(NewOrganisation):
    """An organisation, by whatever name it was added."""

    id: str
    name: str
    version: int


class MovingOut(Sent):
    """How many people of the organisation are to leave: all whose rights have not ended."""

    people: Annotated[int, Field(ge=0, le=100_000)]


class MovedOut(BaseModel):
    """What a departure ended: the rights of people, badges, visits, and the organisation's own operators and keys."""

    organisation: OrganisationBody
    people: list[str]
    badges: list[str]
    visits: list[str]
    operators: list[str]
    keys: list[str]
