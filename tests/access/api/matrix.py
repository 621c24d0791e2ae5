"""Who may do what: every operation with the right it needs, and every role with the rights it has, written by hand.

Whoever adds an operation says here who may: one that is not in the table fails the test.
"""

from access.services.rights import Reach, Role
from policies.ids import OrganisationId, SpaceId

OPEN = "open"
"""For whoever comes."""

SIGNED_IN = "signed in"
"""For every operator and machine."""

SESSION = "session"
"""For operators alone: a machine has no session."""

READER = "reader"
"""For machines with the right to ask for decisions at the door."""

NEEDS = {
    OPEN: ["GET /healthz", "POST /v1/session"],
    SIGNED_IN: ["GET /readyz"],
    SESSION: ["GET /v1/session", "POST /v1/session/password", "DELETE /v1/session"],
    READER: ["POST /v1/authorize", "POST /v1/reservations"],
    "building:read": [
        "GET /v1/spaces", "GET /v1/spaces/{space}", "GET /v1/doors", "GET /v1/doors/{door}",
        "GET /v1/readers", "GET /v1/readers/{reader}", "GET /v1/lockdown",
        "GET /v1/doors/{door}/latency", "GET /metrics",
    ],
    "occupancy:read": [
        "GET /v1/occupancy", "GET /v1/occupancy/kpis", "GET /v1/occupancy/visits", "GET /v1/occupancy/{space}",
        "GET /v1/occupancy/quality", "GET /v1/occupancy/{space}/history", "GET /v1/occupancy/{space}/history.csv",
    ],
    "occupancy:write": ["POST /v1/spaces/{space}/count", "POST /v1/people/{person}/out"],
    "rollcall:read": [
        "GET /v1/rollcall", "GET /v1/rollcall/now.csv", "GET /v1/rollcall/release", "GET /v1/rollcall/{muster}",
        "GET /v1/rollcall/{muster}/people.csv", "GET /v1/rollcall/unnamed",
    ],
    "rollcall:write": [
        "POST /v1/rollcall", "POST /v1/rollcall/{muster}/safe", "POST /v1/rollcall/{muster}/close",
    ],
    "people:read": [
        "GET /v1/people", "GET /v1/people/{person}", "GET /v1/certifications",
        "GET /v1/certifications/{person}/{certification}", "GET /v1/grants", "GET /v1/grants/{grant}",
        "GET /v1/visits", "GET /v1/visits/{visit}", "GET /v1/people.csv", "GET /v1/grants.csv",
        "GET /v1/visits.csv", "GET /v1/certifications.csv",
    ],
    "people:write": [
        "POST /v1/people", "PATCH /v1/people/{person}", "POST /v1/people/{person}/leave",
        "POST /v1/certifications", "POST /v1/certifications/{person}/{certification}/revoke",
        "POST /v1/grants", "DELETE /v1/grants/{grant}", "POST /v1/visits", "POST /v1/visits/{visit}/arrive",
        "POST /v1/visits/{visit}/leave", "POST /v1/visits/{visit}/cancel",
    ],
    "people:import": ["GET /v1/imports", "GET /v1/imports.csv", "GET /v1/imports/under-way", "POST /v1/imports"],
    "badges:read": ["GET /v1/badges", "GET /v1/badges.csv", "GET /v1/badges/{badge}"],
    "badges:write": [
        "POST /v1/badges", "PATCH /v1/badges/{badge}", "POST /v1/badges/{badge}/{verb}",
        "POST /v1/badges/{badge}/replace", "PUT /v1/people/{person}/pin", "DELETE /v1/people/{person}/pin",
    ],
    "organisations:read": [
        "GET /v1/organisations", "GET /v1/organisations.csv", "GET /v1/organisations/{organisation}",
    ],
    "organisations:write": [
        "POST /v1/organisations", "PATCH /v1/organisations/{organisation}",
        "POST /v1/organisations/{organisation}/leave",
    ],
    "policies:read": [
        "GET /v1/policies", "GET /v1/policies/{policy}", "GET /v1/policies/{policy}/examination",
    ],
    "policies:write": [
        "POST /v1/policies", "POST /v1/policies/rollback", "POST /v1/policies/{policy}/activate",
    ],
    "doors:write": [
        "POST /v1/doors/{door}/unlock", "POST /v1/doors/{door}/rearm", "POST /v1/doors/{door}/mode",
        "POST /v1/doors/{door}/maintenance",
    ],
    "lockdown:write": ["POST /v1/lockdown", "DELETE /v1/lockdown"],
    "events:read": ["GET /v1/events", "GET /v1/passages", "GET /v1/events.csv", "GET /v1/passages.csv"],
    "operators:read": ["GET /v1/operators", "GET /v1/operators.csv", "GET /v1/operators/{name}"],
    "operators:write": [
        "POST /v1/operators", "PATCH /v1/operators/{name}", "POST /v1/operators/{name}/reset-password",
        "DELETE /v1/operators/{name}",
    ],
    "keys:read": ["GET /v1/keys", "GET /v1/keys.csv", "GET /v1/keys/{key}"],
    "keys:write": ["POST /v1/keys", "DELETE /v1/keys/{key}"],
    "audit:read": ["GET /v1/audit", "GET /v1/audit/verify", "GET /v1/audit.csv"],
    "privacy:read": [
        "GET /v1/retention", "GET /v1/retention/purges", "GET /v1/retention/purges.csv",
        "GET /v1/holds", "GET /v1/holds.csv", "GET /v1/holds/{hold}",
    ],
    "privacy:write": [
        "POST /v1/people/{person}/export", "POST /v1/people/{person}/erase", "PUT /v1/retention/{kind}",
    ],
    "holds:write": ["POST /v1/holds", "POST /v1/holds/{hold}/approve", "POST /v1/holds/{hold}/lift"],
}  # fmt: skip  # a table

STREAMS = {"GET /v1/stream/occupancy": "occupancy:read", "GET /v1/stream/events": "events:read"}
"""What the application as it is served has beside: it goes on for as long as it is followed."""

_SEES = {"building:read", "occupancy:read"}
_MUSTERS = {"rollcall:read", "rollcall:write"}
_WELCOMES = _SEES | {"people:read", "people:write", "badges:read", "badges:write", "organisations:read"}

HAS = {
    Role.VIEWER: _SEES,
    Role.RECEPTIONIST: _WELCOMES,
    Role.WARDEN: _SEES | _MUSTERS,
    Role.SECURITY: _SEES
    | _MUSTERS
    | {"people:read", "badges:read", "badges:write", "organisations:read", "events:read", "occupancy:write"}
    | {"doors:write", "lockdown:write", "privacy:read", "holds:write"},
    Role.MANAGER: _WELCOMES
    | _MUSTERS
    | {"people:import", "organisations:write", "occupancy:write", "policies:read"},
    Role.ADMINISTRATOR: NEEDS.keys() - {OPEN, SIGNED_IN, SESSION, READER, "events:read"},
    Role.AUDITOR: _SEES
    | {"events:read", "audit:read", "operators:read", "keys:read", "privacy:read", "policies:read"},
}

BOUNDED = {
    (Role.MANAGER, Reach(organisation=OrganisationId("acme"))): [
        *NEEDS["building:read"], *NEEDS["people:import"], *NEEDS["badges:read"],
        *(one for one in NEEDS["occupancy:read"] if not one.endswith("/quality")),  # counts as disclosed
        *NEEDS["badges:write"], *NEEDS["organisations:read"],
        *NEEDS["people:read"], *NEEDS["people:write"],
    ],
    (Role.SECURITY, Reach(space=SpaceId("room"))): [
        *NEEDS["building:read"], *NEEDS["occupancy:read"], *NEEDS["rollcall:read"],
        "POST /v1/rollcall/{muster}/safe", "POST /v1/spaces/{space}/count",
    ],
}  # fmt: skip  # a table
"""What is open to rights that hold in one place only; everything else is closed to them."""
