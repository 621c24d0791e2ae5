"""Everybody who has a badge that may open, put together by what the rules can tell of them: a city is a few classes.

Two people are of one class if the same rules are about them and the same medium is in their hands, whatever their
organisations and tiers are called. A census stays as it was taken: who changes later is not followed.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from policies.holders import NOBODY, Card, Holders
from policies.ids import BadgeId, PersonId
from policies.request import Assurance
from policies.roster import Badge, BadgeStatus, Person

_Class = tuple[int, bool, bool, bool, Assurance]
"""The integer and flags of a standing, and the least proof of the badge."""

_EVER, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Dated(NamedTuple):
    """Somebody who is like all of their class in [since, until)."""

    since: datetime
    until: datetime
    person: PersonId
    badge: BadgeId


class Class(msgspec.Struct):
    """People whom no rule can tell apart; `rules` are those about them, as a mask.

    `alike` are so at any time, and `badge` is one of theirs; `dated` are so within their dates. The `others`, here
    with their badges of this class, have more to look at: certifications, grants, a host, several badges.
    """

    rules: int
    badge: BadgeId | None
    alike: list[PersonId]
    dated: list[Dated]
    others: list[BadgeId]


class Census:
    """The classes of everybody in `holders`. Suspended people and dead badges open nothing and are left out."""

    def __init__(self, holders: Holders) -> None:
        self._classes: dict[_Class, Class] = {}
        for badge, card in holders.cards.items():
            self._count(badge, card, has_several=holders.has_several(card.owner))
        self.classes = tuple(self._classes.values())

    def _count(self, badge: BadgeId, card: Card, *, has_several: bool) -> None:
        holder = card.holder
        person, name = holder.person, holder.id
        is_dead = card.badge is not None and card.badge.status is not BadgeStatus.ACTIVE
        if name is None or holder.standing is NOBODY or is_dead or (person is not None and person.suspended):
            return
        found = self._class_of(card)
        if has_several or (person is not None and _has_more(person)):
            found.others.append(badge)
        elif person is not None or card.badge is not None:
            found.dated.append(_dated(name, badge, person, card.badge))
        else:
            found.alike.append(name)
            found.badge = badge

    def _class_of(self, card: Card) -> Class:
        standing = card.holder.standing
        flags = standing.exempt, standing.responder, standing.passback_exempt
        key = standing.mask, *flags, card.least_proof
        found = self._classes.get(key)
        if found is None:
            found = self._classes[key] = Class(standing.mask, None, [], [], [])
        return found


def _has_more(person: Person) -> bool:
    return bool(person.certifications or person.grants or person.host is not None)


def _dated(name: PersonId, badge: BadgeId, person: Person | None, limited: Badge | None) -> Dated:
    both = [each for each in (person, limited) if each is not None]
    since = max((each.valid_from for each in both if each.valid_from is not None), default=_EVER)
    until = min((each.valid_until for each in both if each.valid_until is not None), default=_NEVER)
    return Dated(since, until, name, badge)
