"""What somebody may change whose rights hold for one organisation's people only.

They look after their own people and badges, give the tiers that their organisation has, and expect visitors who are
escorted. What the building decides stays the building's: temporary rights and trainings (they see them, and may end a
right), what a visitor opens alone, badges that are nobody's, who is staff or security, the end of a suspension, and the
return of a badge that was lost, stolen or damaged: its status does not tell who had it suspended before.
"""

from access.errors import NotAllowed
from access.services.rights import Reach
from access.store.badges import BadgeRecord
from access.store.organisations import OrganisationRecord
from access.store.people import PersonRecord
from policies.ids import OrganisationId
from policies.roster import BadgeStatus, ResidentType

_OF_THE_BUILDING = frozenset(
    {ResidentType.STAFF, ResidentType.SECURITY, ResidentType.CONTRACTOR, ResidentType.EMERGENCY}
)
_AFTER_SUSPENDED = frozenset({BadgeStatus.SUSPENDED, BadgeStatus.REVOKED})
"""Not lost either: nothing would tell any more that it was suspended, and a lost one may be replaced."""
_MISSING = frozenset({BadgeStatus.LOST, BadgeStatus.STOLEN, BadgeStatus.DAMAGED})
_KEPT = ("certifications", "grants", "extended_opening")


def is_theirs(reach: Reach, organisation: OrganisationId | None) -> bool:
    """Return whether whatever belongs to the organisation is within the reach."""
    return reach.organisation is None or organisation == reach.organisation


def expect_the_building(act: str, reach: Reach) -> None:
    """Raise `NotAllowed` if what is done is not done for the whole building."""
    if not reach.is_everywhere:
        raise NotAllowed(f"only the building {act}")


def expect_delegated(
    own: OrganisationRecord | None, before: PersonRecord | None, after: PersonRecord
) -> None:
    """Raise `NotAllowed` if the change of a person is not one that their organisation's manager makes."""
    if own is None or after.organisation != own.id:
        raise NotAllowed(f"person {after.id}: your rights hold for your own organisation's people only")
    held = before.tiers if before is not None else ()
    for tier in after.tiers:
        if tier not in held and tier not in own.tiers:
            raise NotAllowed(f"person {after.id}: the tier {tier} is not one that {own.id} gives")
    was = before or PersonRecord(after.id, ResidentType.VISITOR, name="")
    if after.type is not was.type and after.type in _OF_THE_BUILDING:
        raise NotAllowed(f"person {after.id}: only the building makes somebody {after.type.value}")
    if was.suspended and not after.suspended:
        raise NotAllowed(f"person {after.id}: only the building ends a suspension")
    for name in _KEPT:
        if getattr(after, name) != getattr(was, name):
            raise NotAllowed(f"person {after.id}: only the building changes {name}")


def expect_delegated_badge(before: BadgeRecord | None, after: BadgeRecord) -> None:
    """Raise `NotAllowed` if the change of a badge is not one that its holder's organisation makes."""
    if after.person is None:
        raise NotAllowed(f"badge {after.id}: only the building keeps badges that are nobody's")
    if before is None:
        return
    if before.status is BadgeStatus.SUSPENDED and after.status not in _AFTER_SUSPENDED:
        raise NotAllowed(f"badge {after.id}: only the building ends a suspension")
    if before.status in _MISSING and after.status is BadgeStatus.ACTIVE:
        raise NotAllowed(
            f"badge {after.id}: only the building activates one that was lost, stolen or damaged"
        )
