"""What operators and machines may do: roles are sets of scopes, a key has scopes of its own.

A scope is `noun:verb`; `reader:DOOR` lets a third party's controller ask for decisions at one door.
"""

from enum import Enum

import msgspec

from access.errors import NotAllowed


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
    BADGES_READ = "badges:read"
    BADGES_WRITE = "badges:write"
    ORGANISATIONS_READ = "organisations:read"
    ORGANISATIONS_WRITE = "organisations:write"
    EVENTS_READ = "events:read"
    AUDIT_READ = "audit:read"
    OPERATORS_WRITE = "operators:write"
    KEYS_WRITE = "keys:write"


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
    | {Scope.OCCUPANCY_WRITE, Scope.DOORS_WRITE, Scope.LOCKDOWN_WRITE}
    | {Scope.PEOPLE_READ, Scope.BADGES_READ, Scope.BADGES_WRITE, Scope.ORGANISATIONS_READ, Scope.EVENTS_READ},
    Role.MANAGER: _WELCOMES | _MUSTERS | {Scope.ORGANISATIONS_WRITE, Scope.OCCUPANCY_WRITE},
    # Whoever administers the system does not thereby read where people went (DOMAIN section 6).
    Role.ADMINISTRATOR: frozenset(Scope) - {Scope.EVENTS_READ},
    Role.AUDITOR: _SEES | {Scope.EVENTS_READ, Scope.AUDIT_READ},
}


class Actor(msgspec.Struct, frozen=True):
    """Who asks, as the audit names them, and what they may do."""

    name: str
    scopes: frozenset[str]
    must_set_password: bool = False

    def may(self, scope: Scope | str) -> bool:
        """Return whether the actor may do what the scope says."""
        return (scope.value if isinstance(scope, Scope) else scope) in self.scopes

    def require(self, scope: Scope | str) -> None:
        """Raise `NotAllowed` if the actor may not do what the scope says."""
        if self.must_set_password:
            raise NotAllowed(f"{self.name}: set a new password first")
        if not self.may(scope):
            name = scope.value if isinstance(scope, Scope) else scope
            raise NotAllowed(f"{self.name}: this needs the right {name}")


def scopes_of(role: Role) -> frozenset[str]:
    """Return a role's scopes as words."""
    return frozenset(scope.value for scope in SCOPES[role])
