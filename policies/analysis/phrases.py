"""Classes of taps in words, French and English: who, how, at which door, and when."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from policies.analysis.taps.flips import Tap, Witness
from policies.building import Building, Label
from policies.decision import Effect, Message
from policies.ids import OrganisationId, SpaceId, TierId
from policies.request import Assurance, DoorMode
from policies.roster import ResidentType
from policies.schedule import Calendar, Weekday

NOTHING = Message("", "")

_TYPES = {
    ResidentType.STARTUP: Message("start-up", "start-ups"),
    ResidentType.STUDENT: Message("étudiants", "students"),
    ResidentType.CORPORATE: Message("salariés", "company employees"),
    ResidentType.COWORKER: Message("coworkers", "coworkers"),
    ResidentType.MAKER: Message("makers", "makers"),
    ResidentType.VISITOR: Message("visiteurs", "visitors"),
    ResidentType.STAFF: Message("équipe du lieu", "staff"),
    ResidentType.SECURITY: Message("agents de sécurité", "security guards"),
    ResidentType.CONTRACTOR: Message("prestataires", "contractors"),
    ResidentType.EMERGENCY: Message("secours", "emergency services"),
}
_ONE_OF = {
    ResidentType.STARTUP: Message("start-up", "start-up"),
    ResidentType.STUDENT: Message("étudiant", "student"),
    ResidentType.CORPORATE: Message("salarié", "company employee"),
    ResidentType.COWORKER: Message("coworker", "coworker"),
    ResidentType.MAKER: Message("maker", "maker"),
    ResidentType.VISITOR: Message("visiteur", "visitor"),
    ResidentType.STAFF: Message("équipe du lieu", "staff"),
    ResidentType.SECURITY: Message("agent de sécurité", "security guard"),
    ResidentType.CONTRACTOR: Message("prestataire", "contractor"),
    ResidentType.EMERGENCY: Message("secours", "emergency services"),
}
MODES = {
    DoorMode.NORMAL: Message("en mode normal", "in normal mode"),
    DoorMode.FREE: Message("porte en accès libre", "while the door is free"),
    DoorMode.LOCKED: Message("porte verrouillée", "while the door is locked"),
    DoorMode.LOCKDOWN: Message("en confinement", "in lockdown"),
}
PROOFS = {
    Assurance.NONE: Message("sans preuve", "without proof"),
    Assurance.UID: Message("avec un simple numéro de badge", "by a bare badge number"),
    Assurance.SUN: Message("avec un badge à code tournant", "by a badge with a rolling code"),
    Assurance.AUTHENTICATED: Message("avec un badge authentifié", "by an authenticated badge"),
}
EFFECTS = {
    Effect.GRANT: Message("accordé", "granted"),
    Effect.DENY: Message("refusé", "refused"),
    Effect.PENDING: Message("en attente", "waiting"),
}
WEEKDAYS = {
    Weekday.MON: Message("lundi", "Monday"),
    Weekday.TUE: Message("mardi", "Tuesday"),
    Weekday.WED: Message("mercredi", "Wednesday"),
    Weekday.THU: Message("jeudi", "Thursday"),
    Weekday.FRI: Message("vendredi", "Friday"),
    Weekday.SAT: Message("samedi", "Saturday"),
    Weekday.SUN: Message("dimanche", "Sunday"),
}
AND, OR, COMMA = Message(" et ", " and "), Message(" ou ", " or "), Message(", ", ", ")


def plain(text: str) -> Message:
    """Return what is said alike in both languages."""
    return Message(text, text)


def glued(*parts: Message) -> Message:
    """Return the parts one after the other."""
    return Message("".join(part.fr for part in parts), "".join(part.en for part in parts))


def joined(parts: Iterable[Message], by: Message = COMMA) -> Message:
    """Return the parts that say something, separated."""
    said = [part for part in parts if part != NOTHING]
    return Message(by.fr.join(part.fr for part in said), by.en.join(part.en for part in said))


def listed(parts: Sequence[Message]) -> Message:
    """Return "a, b and c"."""
    return joined([joined(parts[:-1]), *parts[-1:]], AND)


def types_told(types: Sequence[ResidentType]) -> Message:
    """Return who that is, by what they are not where that is shorter."""
    missing = [each for each in ResidentType if each not in types]
    if not missing:
        return Message("tout le monde", "everybody")
    if len(missing) < len(types):
        return glued(Message("tous sauf ", "everybody but "), listed([_TYPES[each] for each in missing]))
    return listed([_TYPES[each] for each in types])


def tiers_told(tiers: Sequence[Sequence[TierId]]) -> Message:
    """Return "with a or b", and nothing where it takes no tier."""
    if () in map(tuple, tiers):
        return NOTHING
    return glued(Message("avec ", "with "), joined((plain(" + ".join(each)) for each in tiers), OR))


def organisations_told(organisations: Sequence[OrganisationId | None]) -> Message:
    """Return "of a or b", and nothing where it makes no difference."""
    named = joined((plain(each) for each in organisations if each is not None), OR)
    if None not in organisations:
        return glued(Message("de ", "of "), named)
    return NOTHING


def witness_told(witness: Witness) -> Message:
    """Return one person with all that rules ask of people."""
    return joined(
        (
            _ONE_OF[witness.type],
            glued(Message("de ", "of "), plain(witness.organisation)) if witness.organisation else NOTHING,
            tiers_told([witness.tiers]),
            *(glued(Message("formation ", "trained for "), plain(each)) for each in witness.certifications),
        )
    )


def instant_told(at: datetime, calendar: Calendar) -> Message:
    """Return the weekday, date and time on the building's wall."""
    local = calendar.local(at)
    clock = f" {local.day.isoformat()} {local.minute // 60:02}:{local.minute % 60:02}"
    return glued(WEEKDAYS[Weekday(local.day.weekday())], plain(clock))


def tap_told(tap: Tap, building: Building, calendar: Calendar) -> Message:
    """Return one tap in a line."""
    door = building.doors.get(tap.door)
    name = plain(tap.door) if door is None else Message(door.name.fr, door.name.en)
    company = (plain(each) if isinstance(each, str) else witness_told(each) for each in tap.company)
    beside = joined(glued(Message("avec ", "with "), each) for each in company)
    return joined(
        (
            name,
            instant_told(tap.at, calendar),
            witness_told(tap.person),
            PROOFS[Assurance[tap.assurance.upper()]],
            NOTHING if tap.host is None else _host_told(tap.host),
            beside,
            NOTHING if tap.mode is DoorMode.NORMAL else MODES[tap.mode],
            counts_told(tap.counts, building),
            NOTHING if tap.inside_for_s is None else Message("déjà à l’intérieur", "inside already"),
            NOTHING if tap.pin_ok else Message("sans code", "without the PIN"),
        )
    )


def _host_told(host: Witness) -> Message:
    return glued(Message("avec son hôte (", "with their host ("), witness_told(host), plain(")"))


def counts_told(counts: Mapping[SpaceId, int] | None, building: Building) -> Message:
    """Return how full it is, and nothing where it is empty."""
    if counts is None:
        return Message("comptage inconnu", "counts unknown")
    return joined(_count_told(count, building.spaces[space].name) for space, count in counts.items())


def _count_told(count: int, name: Label) -> Message:
    return Message(f"{count} personnes : {name.fr}", f"{count} people: {name.en}")
