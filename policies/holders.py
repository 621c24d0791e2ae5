"""People and badges as the engine holds them: small enough that a city fits into a few hundred megabytes.

All people of one type, tiers and organisation share one `Standing`, which has the integer of the rules about them.
Most people are no more than that; a `Person` is kept only of those with dates, grants, certifications, a host or a
suspension, a `Badge` only of those that their state or dates may refuse. A card points at its holder, so that a tap
is one look-up; what an everyday tap needs of the holder stands on the card too, as among a million people nearly
every object that is looked at comes from memory that no cache holds.
"""

from datetime import datetime

import msgspec

from policies.conditions import concerns, person_refusal
from policies.decision import Reason
from policies.ids import BadgeId, OrganisationId, PersonId, TierId
from policies.masks import mask_of
from policies.policy import Policy
from policies.request import Assurance
from policies.roster import Badge, BadgeKind, BadgeStatus, Person, ResidentType, Roster

_Key = tuple[ResidentType, tuple[TierId, ...], OrganisationId | None]
"""All of a person that `conditions.concerns` looks at."""


class Standing(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What people of one type, tiers and organisation have in common: the rules about them, and the tiers' flags."""

    mask: int
    exempt: bool
    responder: bool
    passback_exempt: bool
    type: ResidentType | None = None


NOBODY = Standing(0, exempt=False, responder=False, passback_exempt=False)
"""The standing of whoever is not in the roster: badges may belong to them, but open nothing."""


class Holder(msgspec.Struct, gc=False, eq=False):
    """A person: the standing, the whole `person` only where the standing does not say everything, and their badge.

    `Holders` has the others of those who have several: a place for them here would be there a million times.
    """

    id: PersonId | None
    standing: Standing = NOBODY
    person: Person | None = None
    badge: BadgeId | None = None

    def refusal(self, at: datetime) -> Reason | None:
        """Return why they may not enter anywhere at `at`."""
        if self.standing is NOBODY:
            return Reason.CREDENTIAL_UNASSIGNED
        return None if self.person is None else person_refusal(self.person, at)

    @property
    def everyday(self) -> Standing | None:
        """Return the standing of somebody who is no more than that."""
        return self.standing if self.person is None else None


class Card(msgspec.Struct, gc=False, eq=False):
    """A badge: its holder, kind and least proof, and the whole `badge` only where its state or dates may refuse it.

    `everyday` is the holder's standing where that says everything about badge and holder; `owner` the holder's id.
    """

    everyday: Standing | None
    owner: PersonId | None
    least_proof: Assurance
    holder: Holder
    kind: BadgeKind
    badge: Badge | None = None


class Holders:
    """The roster, compiled: `cards` by badge, `people` by person, `standings` by what makes them."""

    def __init__(self, policy: Policy, roster: Roster) -> None:
        self._policy = policy
        self.cards: dict[BadgeId, Card] = {}
        self.people: dict[PersonId, Holder] = {}
        self.standings: dict[_Key, Standing] = {}
        self._nobody = Holder(None)
        self._others: dict[PersonId, tuple[BadgeId, ...]] = {}
        for person in roster.people.values():
            self.put_person(person)
        for badge in roster.badges.values():
            self.put_badge(badge)

    def put_person(self, person: Person) -> None:
        """Add or replace one person; their cards stay theirs."""
        holder = self.people.get(person.id)
        if holder is None:
            holder = self.people[person.id] = Holder(person.id)
        self._change(holder, self.standing(person), person if _has_more(person) else None)

    def put_badge(self, badge: Badge) -> None:
        """Add or replace one badge. Its person may come later."""
        dates = badge.valid_from is not None or badge.valid_until is not None
        is_limited = dates or badge.status is not BadgeStatus.ACTIVE
        holder = self._owner_of(badge)
        everyday = None if is_limited else holder.everyday
        limited = badge if is_limited else None
        self.cards[badge.id] = Card(everyday, holder.id, badge.kind.least_proof, holder, badge.kind, limited)

    def drop_person(self, person: PersonId) -> None:
        """Forget what is known of a person; cards of theirs stay, and open nothing."""
        if holder := self.people.get(person):
            self._change(holder, NOBODY, None)

    def drop_badge(self, badge: BadgeId) -> None:
        """Forget a badge."""
        card = self.cards.pop(badge, None)
        if card is not None:
            self._take(badge, card.owner)

    def badges_of(self, person: PersonId | None) -> tuple[BadgeId, ...]:
        """Return all badges of somebody, whatever their state."""
        if person is None or (holder := self.people.get(person)) is None or holder.badge is None:
            return ()
        return holder.badge, *self._others.get(person, ())

    def has_several(self, person: PersonId | None) -> bool:
        """Return whether somebody has more than one badge."""
        return person in self._others

    def _owner_of(self, badge: Badge) -> Holder:
        """Return the holder whose badge it now is, and nobody else's."""
        owner, known = badge.person, self.cards.get(badge.id)
        if known is not None:
            if known.owner == owner:
                return known.holder
            self._take(badge.id, known.owner)
        if owner is None:
            return self._nobody
        holder = self.people.get(owner)
        if holder is None:
            holder = self.people[owner] = Holder(owner)
        if holder.badge is None:
            holder.badge = badge.id
        else:
            self._others[owner] = (*self._others.get(owner, ()), badge.id)
        return holder

    def _take(self, badge: BadgeId, owner: PersonId | None) -> None:
        """Take a badge from whoever had it."""
        if owner is None:
            return
        left = [each for each in self.badges_of(owner) if each != badge]
        self.people[owner].badge = left[0] if left else None
        self._others.pop(owner, None)
        if left[1:]:
            self._others[owner] = tuple(left[1:])

    def _change(self, holder: Holder, standing: Standing, person: Person | None) -> None:
        """Change a holder, and with them their cards."""
        holder.standing, holder.person = standing, person
        for badge in self.badges_of(holder.id):
            card = self.cards[badge]
            card.everyday = None if card.badge is not None else holder.everyday

    def standing(self, person: Person) -> Standing:
        """Return what the person shares with all of their type, tiers and organisation."""
        key = person.type, person.tiers, person.organisation
        known = self.standings.get(key)
        if known is None:
            known = self.standings[key] = self._compute(person)
        return known

    def _compute(self, person: Person) -> Standing:
        policy = self._policy
        tiers = [policy.tiers[tier] for tier in policy.held(person.tiers) if tier in policy.tiers]
        return Standing(
            mask_of(concerns(rule, person, policy) for rule in policy.rules),
            exempt=any(tier.exempt for tier in tiers),
            responder=any(tier.responder for tier in tiers),
            passback_exempt=any(tier.passback_exempt for tier in tiers),
            type=person.type,
        )


def _has_more(person: Person) -> bool:
    """Return whether there is more to a person than their standing."""
    dates = person.valid_from is not None or person.valid_until is not None
    more = person.certifications or person.grants or person.host is not None
    return bool(dates or person.suspended or more)
