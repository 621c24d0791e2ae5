"""Bodies of the ten things of every day, by operation, as the interface's description shows them.

They are those of docs/administration.md, which a test tries one by one.
"""

from collections.abc import Mapping

EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "POST /v1/organisations": {"an organisation": {"id": "belfort-lab", "name": "Belfort Lab"}},
    "POST /v1/people": {
        "somebody new": {
            "id": "ada",
            "name": "Ada Lovelace",
            "type": "corporate",
            "organisation": "belfort-lab",
        }
    },
    "PATCH /v1/people/{person}": {
        "other tiers": {"tiers": ["fablab-member"]},
        "no tiers": {"tiers": []},
        "suspend": {"suspended": True},
        "end a suspension": {"suspended": False},
    },
    "POST /v1/badges": {
        "a badge for somebody": {"id": "04a1b2c3d4e5f6", "kind": "uid", "person": "ada"},
        "a badge of the desk": {"id": "04000001", "kind": "uid", "status": "issued"},
    },
    "POST /v1/badges/{badge}/replace": {"another badge": {"id": "04a1b2c3d4e5f7", "kind": "uid"}},
    "POST /v1/visits": {
        "a visitor": {
            "name": "Eve Visitor",
            "host": "ada",
            "doors": ["agora"],
            "valid_from": "2026-09-15T10:00:00Z",
            "valid_until": "2026-09-15T16:00:00Z",
        }
    },
    "POST /v1/visits/{visit}/arrive": {"with a badge of the desk": {"badge": "04000001"}},
    "POST /v1/grants": {
        "a right for a while": {
            "person": "ada",
            "doors": ["fablab"],
            "valid_from": "2026-09-15T10:00:00Z",
            "valid_until": "2026-09-16T18:00:00Z",
            "reason": "open day",
            "most_uses": 10,
        }
    },
    "POST /v1/certifications": {
        "a training": {
            "person": "ada",
            "id": "laser",
            "level": "autonomous",
            "until": "2026-10-01T10:00:00Z",
        }
    },
    "POST /v1/certifications/{person}/{certification}/revoke": {
        "why": {"reason": "left the guard open"},
    },
    "POST /v1/organisations/{organisation}/leave": {"nobody is left": {"people": 0}},
    "POST /v1/policies": {
        "scenarios": {"scenarios": "# none yet\n", "note": "scenarios begin anew"},
        "rules": {"policy": '[[permit]]\nid = "x"\nspaces = ["nowhere"]\n', "note": "a try"},
    },
}
