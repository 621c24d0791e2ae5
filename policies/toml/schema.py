"""JSON Schemas of the files, for editors: completion, and errors while one types (Draft 2020-12).

Made from the same forms that the loader reads, so that they cannot disagree; what the loader checks beyond a form
(names that exist, times on the grid, ways out) an editor does not know. The files in policies/schema/ are these.
"""

from typing import Any

import msgspec

from policies.building import Space
from policies.policy import Tier
from policies.toml.building import DoorForm, SiteForm, UseForm
from policies.toml.calendar import CalendarForm, ClosureForm, DaysForm
from policies.toml.policy import CertificationForm, OrganisationForm, RuleForm
from policies.toml.schedules import ScheduleForm

Schema = dict[str, Any]
_Forms = dict[str, tuple[type[msgspec.Struct], bool]]
"""By the table's name: its form, and whether there are several of it."""

_FILES: dict[str, _Forms] = {
    "building": {
        "site": (SiteForm, False),
        "use": (UseForm, True),
        "space": (Space, True),
        "door": (DoorForm, True),
    },
    "policy": {
        "tier": (Tier, True),
        "organisation": (OrganisationForm, True),
        "certification": (CertificationForm, True),
        "permit": (RuleForm, True),
        "forbid": (RuleForm, True),
    },
    "calendar": {
        "calendar": (CalendarForm, False),
        "days": (DaysForm, True),
        "closure": (ClosureForm, True),
        "schedule": (ScheduleForm, True),
    },
}
FILES = tuple(_FILES)
_REQUIRED = {"building": ["site"], "policy": [], "calendar": ["calendar"]}
_PLACE = "#/$defs/{name}"


def schema_of(file: str) -> Schema:
    """Return the JSON Schema of `building`, `policy` or `calendar`; raise KeyError for any other."""
    forms = _FILES[file]
    kinds = list(dict.fromkeys(form for form, _ in forms.values()))
    references, parts = msgspec.json.schema_components(kinds, ref_template=_PLACE)
    by_form = dict(zip(kinds, references, strict=True))
    tables = {
        name: {"type": "array", "items": by_form[form]} if several else by_form[form]
        for name, (form, several) in forms.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Totem, {file}.toml",
        "type": "object",
        "properties": tables,
        "required": _REQUIRED[file],
        "additionalProperties": False,
        "$defs": {name: _closed(part) for name, part in parts.items()},
    }


def _closed(part: Schema) -> Schema:
    """Let an editor report unknown keys too, as the loader does."""
    return part | {"additionalProperties": False} if part.get("type") == "object" else part
