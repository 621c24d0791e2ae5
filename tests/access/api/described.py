"""The interface's description, made sharper for whoever tries it: no field beside those told, and names that exist."""

import copy
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.access.api.inhabited import NAMES
from tests.soak import SOAKING

CHECKS = [  # a 5xx that is not described is an undocumented status
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

_STANDS_FOR = {
    "host": "person", "people": "person", "doors": "door", "spaces": "space", "tiers": "tier",
    "if-match": "tag", "after": "cursor", "from": "day", "to": "day", "scopes": "scope", "certifications": "training",
    "since": "moment", "until": "moment", "at": "moment", "valid_from": "past", "valid_until": "moment",
    "expires_at": "moment",
}  # fmt: skip  # a table
"""Fields and parameters that are called otherwise than what they name."""

_IN_BODIES = {
    ("NewCertification", "id"): "certification", ("CertificationBody", "id"): "certification",
    ("NewPerson", "id"): "new", ("NewGrant", "id"): "new", ("GrantBody", "id"): "new",
    ("NewOrganisation", "id"): "new", ("NewOperator", "name"): "new", ("SignIn", "name"): "name",
    ("NewBadge", "id"): "plastic", ("Replacement", "id"): "plastic", ("Arrival", "badge"): "badge",
}  # fmt: skip  # a table


def closed(described: dict[str, Any]) -> dict[str, Any]:
    """Return a description in which no object has a field beside those that are told."""
    whole = copy.deepcopy(described)
    _close(whole)
    return whole


def sharpened(described: dict[str, Any]) -> dict[str, Any]:
    """Return a description to draw requests from, in which names and times are such as mean something.

    Who asks is said by the test: nothing is told of keys and sessions.
    """
    sharp = copy.deepcopy(described)
    for component, schema in sharp["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            if name != "name" or (component, name) in _IN_BODIES:
                word = _IN_BODIES.get((component, name)) or _STANDS_FOR.get(name, name)
                schema["properties"][name] = _meant(word, field)
    for operations in sharp["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
            for parameter in operation.get("parameters", ()):
                word = _STANDS_FOR.get(parameter["name"], parameter["name"])
                parameter["schema"] = _meant(word, parameter["schema"])
                parameter["required"] = parameter["required"] or word == "tag"
    del sharp["security"], sharp["components"]["securitySchemes"]
    return sharp


def operations_of(description: dict[str, Any]) -> dict[str, APIOperation]:
    """Return the operations of a description by method and path; each request names the application it goes to."""
    schema = schemathesis.openapi.from_dict(description)
    found = {one.ok().label: one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)}
    assert len(found) == sum(map(len, description["paths"].values()))
    return found


def requests_to(operation: APIOperation, examples: int) -> list[schemathesis.Case]:
    """Return so many requests, as the description allows them and as it does not."""
    modes = [operation.as_strategy(GenerationMode.POSITIVE, feedback=NO_FEEDBACK)] * 2
    if operation.body or operation.query or operation.path_parameters:
        modes.append(operation.as_strategy(GenerationMode.NEGATIVE, feedback=NO_FEEDBACK))
    drawn: list[schemathesis.Case] = []

    @settings(
        max_examples=examples,
        derandomize=not SOAKING,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(modes))
    def each(case: schemathesis.Case) -> None:
        drawn.append(case)

    each()
    return drawn


def _meant(word: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with what exists in the place of any text; what may be left out may be left out still."""
    if word not in NAMES:
        return schema
    if "anyOf" in schema:
        return schema | {"anyOf": [_meant(word, each) for each in schema["anyOf"]]}
    if schema.get("type") == "array":
        return schema | {"items": _meant(word, schema["items"])}
    return schema if schema.get("type") != "string" else {"type": "string", "enum": NAMES[word]}


def _close(part: object) -> None:
    if isinstance(part, dict):
        if part.get("type") == "object" and "properties" in part:
            part.setdefault("additionalProperties", False)
        for each in part.values():
            _close(each)
    elif isinstance(part, list):
        for each in part:
            _close(each)
