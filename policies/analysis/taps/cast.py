"""The people who stand for the classes: one person for each group and training, with a badge for each proof."""

import msgspec

from policies.analysis.taps.standings import Group
from policies.ids import BadgeId, CertificationId, PersonId
from policies.request import Assurance
from policies.roster import Badge, BadgeKind, Certification, Person, Roster

STRANGER = PersonId("stranger")
"""Somebody whom the roster does not know."""

_BADGES = {
    Assurance.UID: BadgeKind.UID,
    Assurance.SUN: BadgeKind.NTAG424,
    Assurance.AUTHENTICATED: BadgeKind.DESFIRE,
}


class Cast:
    """Everybody that taps were made of until now."""

    def __init__(self) -> None:
        self._people: dict[PersonId, Person] = {}
        self._badges: dict[BadgeId, Badge] = {}
        self._names: dict[tuple[object, ...], PersonId] = {}
        self._new: list[tuple[Person, tuple[Badge, ...]]] = []

    def person(
        self,
        group: Group,
        trained: tuple[CertificationId, ...],
        role: str = "somebody",
        host: PersonId | None = None,
    ) -> PersonId:
        """Return the id of a person of the group with these trainings, in the roster from now on with their badges."""
        key = group.types[0], group.organisations[0], group.tiers[0], trained, role, host
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = PersonId(f"{role}-{len(self._names)}")
            held = tuple(map(Certification, trained))
            person = msgspec.structs.replace(group.witness(name), certifications=held, host=host)
            badges = tuple(Badge(badge_of(name, proof), kind, name) for proof, kind in _BADGES.items())
            self._people[name] = person
            self._badges.update((badge.id, badge) for badge in badges)
            self._new.append((person, badges))
        return name

    def newcomers(self) -> list[tuple[Person, tuple[Badge, ...]]]:
        """Return those who came since this was last asked, with their badges."""
        new, self._new = self._new, []
        return new

    def roster(self) -> Roster:
        """Return all of them; it grows when more taps are made."""
        return Roster(self._people, self._badges)


def badge_of(person: PersonId, proof: Assurance) -> BadgeId:
    """Return the badge of the person that gives `proof` and no less."""
    return BadgeId(f"{person}-{proof.name.lower()}")
