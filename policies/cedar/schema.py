"""The Cedar schema that the exported policies and entities are valid against."""

from policies.roster import ResidentType

_SCHEMA = """\
// Whom a rule can speak of. A tier is in those that it includes.
entity Type enum [{types}];
entity Tier in [Tier];
entity Organisation;
entity Person in [Type, Tier, Organisation];

// Where. Space is the building's tree and carries forbids; Reach is the same tree cut above every restricted space and
// carries permits. A use is what a space is for; no ReachUse leads into a restricted space.
entity Use;
entity ReachUse;
entity Space in [Space, Use];
entity Reach in [Reach, ReachUse];
entity Door in [Space, Reach] {{ proof: Long }};

action enter appliesTo {{
  principal: Person,
  resource: Door,
  context: {{
    open: Set<String>,       // the schedules open now
    certified: Set<String>,  // the certifications that the person holds now
    proof: Long,             // of the badge: 0 none, 1 uid, 2 sun, 3 authenticated
    mode: String,            // of the door: normal, free, locked, lockdown
    full: Bool,              // a space that the entry would add to has reached its capacity
    escorted: Bool,          // the person's host is beside them, who may enter too
    accompanied: Bool,       // a second person who may enter too is beside them
  }},
}};
"""


def schema_text() -> str:
    """Return the schema; it is the same for every building and policy."""
    return _SCHEMA.format(types=", ".join(f'"{kind.value}"' for kind in ResidentType))
