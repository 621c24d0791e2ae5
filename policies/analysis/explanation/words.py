"""Near misses as sentences for the person at the door, in French and in English, in the building's time."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from policies.analysis.explanation.near import NearMiss
from policies.analysis.needs import Kind, Need
from policies.decision import Decision, Effect, Message, message
from policies.schedule import Calendar

_MOST_TOLD = 2
"""Near misses in one sentence: nobody reads more at a door."""

_A_WEEK = 7

_DAYS_FR = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_FR = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip  # a table
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip  # a table


def sentence(decision: Decision, near: Iterable[NearMiss], calendar: Calendar, at: datetime) -> Message:
    """Return the decision's message and, of a refusal, what would have opened the door."""
    said = message(decision.reason)
    ways = [_way(miss.needs, calendar, at) for miss in near][:_MOST_TOLD]
    if decision.effect is not Effect.DENY or not ways:
        return said
    french, english = ", ou ".join(way.fr for way in ways), ", or ".join(way.en for way in ways)
    return Message(f"{said.fr} Vous pourrez entrer {french}.", f"{said.en} You may enter {english}.")


def _way(needs: Iterable[Need], calendar: Calendar, at: datetime) -> Message:
    phrases = [phrase(need, calendar, at) for need in needs]
    return Message(" et ".join(each.fr for each in phrases), " and ".join(each.en for each in phrases))


def phrase(need: Need, calendar: Calendar, at: datetime) -> Message:
    """Return a need in a few words, such as "with your host"; times as seen from `at`."""
    if need.kind is Kind.TIME and need.at is not None:
        return _from(need.at, calendar, at)
    return _PHRASES[need.kind](need.what or "")


def phrase_of_another(need: Need, calendar: Calendar, at: datetime) -> Message:
    """Return what `phrase` does, for somebody else than the person at the door: "with their host"."""
    return _OF_ANOTHER.get(need.kind) or phrase(need, calendar, at)


def _from(opens: datetime, calendar: Calendar, at: datetime) -> Message:
    """Return "from 07:00", with the day if it is another one; a time within a minute is told as the next minute."""
    whole = opens.replace(second=0, microsecond=0)
    then, now = calendar.local(opens if whole == opens else whole + timedelta(minutes=1)), calendar.local(at)
    clock = f"{then.minute // 60:02}:{then.minute % 60:02}"
    days = (then.day - now.day).days
    weekday, month = then.day.weekday(), then.day.month - 1
    if days == 0:
        return Message(f"à partir de {clock}", f"from {clock}")
    if days == 1:
        return Message(f"demain à partir de {clock}", f"from {clock} tomorrow")
    if days < _A_WEEK:
        return Message(f"{_DAYS_FR[weekday]} à partir de {clock}", f"from {clock} on {_DAYS_EN[weekday]}")
    french = f"{_DAYS_FR[weekday]} {then.day.day} {_MONTHS_FR[month]}"
    english = f"{_DAYS_EN[weekday]} {then.day.day} {_MONTHS_EN[month]}"
    return Message(f"{french} à partir de {clock}", f"from {clock} on {english}")


def _proof(least: str) -> Message:
    if least == "uid":
        return Message("avec votre badge", "with your badge")
    return Message("avec un badge sécurisé", "with a secure badge")


_PHRASES: dict[Kind, Callable[[str], Message]] = {
    Kind.TIME: lambda _: Message("plus tard", "later"),
    Kind.PROOF: _proof,
    Kind.CERTIFICATION: lambda name: Message(f"avec la formation {name}", f"with the {name} certification"),
    Kind.PIN: lambda _: Message("avec votre code", "with your PIN"),
    Kind.HOST: lambda _: Message("avec votre hôte", "with your host"),
    Kind.SECOND: lambda _: Message(
        "avec une deuxième personne autorisée", "with a second person who may enter"
    ),
    Kind.ROOM: lambda _: Message("quand une place se libère", "once there is room"),
    Kind.LEAVE: lambda _: Message("après être ressorti", "after you have left"),
}

_OF_ANOTHER = {
    Kind.PIN: Message("avec son code", "with their PIN"),
    Kind.HOST: Message("avec son hôte", "with their host"),
    Kind.LEAVE: Message("après être ressorti", "after they have left"),
}
