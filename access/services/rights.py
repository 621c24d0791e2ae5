"""What operators and machines may do, and where: roles are sets of scopes, a key has scopes of its own.

A scope is `noun:verb`; `reader:DOOR` lets a third party's controller ask for decisions at one door. Rights can hold
for one organisation's people or in one space only: then `may` answers no, and only what asks `may_within`, and so
says that it looks at the reach, is open. Whatever forgets to ask is closed.
"""

from enum import Enum

import msgspec

from access.errors import Invalid, NotAllowed
from policies.building import Building
from policies.ids import OrganisationId, SpaceId


class Scope(Enum):
    """What somebody may do."""

    BUILDING_READ = "building:read"
    DOORS_WRITE = "doors:write"
    LOCKDOWN_WRITE = "lockdown:write"
    OCCUPANCY_READ = "occupancy:read"
    OCCUPANCY_WRITE = "occupancy:write"
    ROLLCALL_READ = "rollcall:read"
    ROLLCALL_WRITE = "rollcall:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    PEOPLE_IMPORT = "people:import"
    BADGES_READ = "badges:read"
    BADGES_WRITE = "badges:write"
    ORGANISATIONS_READ = "organisations:read"
    ORGANISATIONS_WRITE = "organisations:write"
    POLICIES_READ = "policies:read"
    POLICIES_WRITE = "policies:write"
    EVENTS_READ = "events:read"
    AUDIT_READ = "audit:read"
    OPERATORS_READ = "operators:read"
    OPERATORS_WRITE = "operators:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    PRIVACY_READ = "privacy:read"
    PRIVACY_WRITE = "privacy:write"
    HOLDS_WRITE = "holds:write"


READER = "reader:"
"""Before a door's id: the scope of whoever may ask for decisions at it."""


class Role(Enum):
    """What an operator is."""

    VIEWER = "viewer"
    RECEPTIONIST = "receptionist"
    WARDEN = "warden"
    SECURITY = "security"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


_SEES = frozenset({Scope.BUILDING_READ, Scope.OCCUPANCY_READ})
_MUSTERS = frozenset({Scope.ROLLCALL_READ, Scope.ROLLCALL_WRITE})
_WELCOMES = _SEES | {Scope.PEOPLE_READ, Scope.PEOPLE_WRITE, Scope.BADGES_READ, Scope.BADGES_WRITE}
_WELCOMES |= {Scope.ORGANISATIONS_READ}

SCOPES = {
    Role.VIEWER: _SEES,
    Role.RECEPTIONIST: _WELCOMES,
    Role.WARDEN: _SEES | _MUSTERS,
    Role.SECURITY: _SEES
    | _MUSTERS
    | {Scope.OCCUPANCY_WRITE, Scope.DOORS_WRITE, Scope.LOCKDOWN_WRITE, Scope.PRIVACY_READ, Scope.HOLDS_WRITE}
    | {Scope.PEOPLE_READ, Scope.BADGES_READ, Scope.BADGES_WRITE, Scope.ORGANISATIONS_READ, Scope.EVENTS_READ},
    Role.MANAGER: _WELCOMES
    | _MUSTERS
    | {Scope.PEOPLE_IMPORT, Scope.ORGANISATIONS_WRITE, Scope.OCCUPANCY_WRITE, Scope.POLICIES_READ},
    # Whoever administers the system does not thereby read where people went (docs/domain.md, 6).
    Role.ADMINISTRATOR: frozenset(Scope) - {Scope.EVENTS_READ},
    Role.AUDITOR: _SEES
    | {Scope.EVENTS_READ, Scope.AUDIT_READ, Scope.OPERATORS_READ, Scope.KEYS_READ, Scope.PRIVACY_READ}
    | {Scope.POLICIES_READ},
}

_NAMES_NOBODY = _SEES
"""The same in every space: the building, and how many are where."""

_OF_AN_ORGANISATION = _WELCOMES | {Scope.PEOPLE_IMPORT}
"""What can be had for one organisation's people. Passages and the roll-call are not among it (docs/domain.md, 6)."""

_OF_A_SPACE = _SEES | _MUSTERS | {Scope.OCCUPANCY_WRITE}
_WHOLE_SITE = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})


class Reach(msgspec.Struct, frozen=True):
    """Where rights hold: everywhere, or for one organisation's people, or in one space and those inside it."""

    organisation: OrganisationId | None = None
    space: SpaceId | None = None

    @property
    def is_everywhere(self) -> bool:
        """Return whether nothing bounds the rights."""
        return self.organisation is None and self.space is None

    def covers(self, building: Building, space: SpaceId) -> bool:
        """Return whether rights over a space are within the reach."""
        if self.space is not None:
            return space in building.spaces and self.space in building.path_up(space)
        return self.organisation is None

    @property
    def sees_disclosed_only(self) -> bool:
        """Return whether of counts only what may be disclosed is shown: to companies, no small groups."""
        return self.organisation is not None


EVERYWHERE = Reach()


class Actor(msgspec.Struct, frozen=True):
    """Who asks, as the audit names them, what they may do, and where."""

    name: str
    scopes: frozenset[str]
    must_set_password: bool = False
    reach: Reach = EVERYWHERE

    def may(self, scope: Scope | str) -> bool:
        """Return whether the actor may do what the scope says, everywhere and about everybody."""
        anywhere = _PUBLIC if self.reach.sees_disclosed_only else _ANYWHERE
        return self.may_within(scope) and (self.reach.is_everywhere or _word(scope) in anywhere)

    def may_within(self, scope: Scope | str) -> bool:
        """Return whether the actor may do what the scope says within their reach."""
        return not self.must_set_password and _word(scope) in self.scopes

    def require(self, scope: Scope | str) -> None:
        """Raise `NotAllowed` if the actor may not do what the scope says, everywhere and about everybody."""
        self._require(scope, allowed=self.may(scope))

    def require_within(self, scope: Scope | str) -> None:
        """Raise `NotAllowed` if the actor may not do what the scope says even within their reach."""
        self._require(scope, allowed=self.may_within(scope))

    def _require(self, scope: Scope | str, *, allowed: bool) -> None:
        if self.must_set_password:
            raise NotAllowed(f"{self.name}: set a new password first")
        if not allowed:
            raise NotAllowed(f"{self.name}: this needs the right {_word(scope)}")


def scopes_of(role: Role, reach: Reach = EVERYWHERE) -> frozenset[str]:
    """Return what a role may do within a reach, as words."""
    held = SCOPES[role]
    if reach.organisation is not None:
        held &= _OF_AN_ORGANISATION
    if reach.space is not None:
        held &= _OF_A_SPACE
    return frozenset(scope.value for scope in held)


def expect_fitting(role: Role, reach: Reach) -> None:
    """Raise `Invalid` for a reach that the role cannot have."""
    if reach.organisation is not None and reach.space is not None:
        raise Invalid("reach: expected an organisation or a space, not both")
    if not reach.is_everywhere and role in _WHOLE_SITE:
        raise Invalid(f"role {role.value}: it holds for the whole site, not for an organisation or a space")
    if not reach.is_everywhere and role is not Role.VIEWER and scopes_of(role, reach) <= _ANYWHERE:
        raise Invalid(f"role {role.value}: nothing of it can be had for that reach alone")


def _word(scope: Scope | str) -> str:
    return scope.value if isinstance(scope, Scope) else scope


_ANYWHERE = frozenset(scope.value for scope in _NAMES_NOBODY)
_PUBLIC = frozenset({Scope.BUILDING_READ.value})
"""What companies may see as everybody else does: counts they see as disclosed (docs/domain.md, 6)."""
