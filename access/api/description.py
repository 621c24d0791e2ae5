"""What `/openapi.json` tells beside what FastAPI knows: how to prove who one is, problems, and worked examples.

Which problems an operation answers follows from its shape: a path names something that may not exist, a change may
meet an older version. What does not follow stands at the operation itself.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from access.api.desk import CSRF_HEADER, SESSION_COOKIE
from access.api.examples import EXAMPLES
from access.api.problems import MEDIA_TYPE

OPEN = frozenset({("get", "/healthz"), ("post", "/v1/session")})
"""The operations that ask for no key and no session."""

_WRITES = frozenset({"post", "put", "patch", "delete"})
_MEANS = {
    400: "the body cannot be read",
    401: "nobody is signed in, or the key or password is not valid",
    403: "the right is missing, a new password is due, or the CSRF token is",
    404: "what is named does not exist, or is not yours to see",
    409: "the present state does not allow it",
    412: "it was changed since the version in `If-Match`",
    413: "the body is larger than anything that means something",
    422: "what was sent is not what it must be",
    428: "`If-Match` is missing",
    503: "the database does not answer in time; it may have been done: look before you ask again",
}
_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "a machine's key"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": f"an operator's session; writes carry `{CSRF_HEADER}` too",
    },
}
_TEXT = {"type": "string"}
_PROBLEM = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457), told in French or English by `Accept-Language`.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": _TEXT | {"description": "stable: a program can tell problems apart by it"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "errors": {
            "type": "array",
            "description": "each place that is not as described",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": _TEXT, "message": _TEXT},
            },
        },
        "faults": {
            "type": "array",
            "description": "each fault of a file",
            "items": {"$ref": "#/components/schemas/FaultBody"},
        },
    },
    "example": {
        "type": "urn:totem:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "person ada: there is nobody with this id",
        "instance": "/v1/people/ada",
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of the application, made once."""
    if app.openapi_schema is None:
        described = get_openapi(
            title=app.title, version=app.version, routes=app.routes, description=app.description
        )
        parts = described.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = _PROBLEM
        for unused in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(unused, None)
        parts["securitySchemes"] = _SCHEMES
        described["security"] = [{name: []} for name in _SCHEMES]
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                _complete(method, path, operation)
        app.openapi_schema = described
    return app.openapi_schema


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    if (method, path) in OPEN:
        operation["security"] = []
    responses = operation["responses"]
    for status in _problems(method, path, operation):
        told = responses.pop(str(status), {})
        # What FastAPI tells of 422 is another body than the one that problems.py sends.
        said = _MEANS[status] if status == HTTPStatus.UNPROCESSABLE_ENTITY else told.get("description")
        responses[str(status)] = _problem(said or _MEANS[status])
    for status, told in responses.items():
        if status[0] in "45" and "content" not in told:
            responses[status] = _problem(told["description"])
    examples = EXAMPLES.get(f"{method.upper()} {path}")
    if examples is not None:
        content = operation["requestBody"]["content"]["application/json"]
        content["examples"] = {name: {"summary": name, "value": value} for name, value in examples.items()}


def _problems(method: str, path: str, operation: dict[str, Any]) -> Iterator[int]:
    """Yield the statuses that follow from an operation's shape."""
    has_body, named = "requestBody" in operation, {one["name"] for one in operation.get("parameters", ())}
    if (method, path) not in OPEN:
        yield from (401, 403)
    if (method, path) not in OPEN and "503" not in operation["responses"]:
        yield 503
    if "{" in path:
        yield 404
    if method in _WRITES and (method, path) not in OPEN:
        yield 409
    if "if-match" in named:
        yield 412
    if "if-match" in named and method == "patch":
        yield 428
    if has_body:
        yield from (400, 413)
    if has_body or named:
        yield 422


def _problem(means: str) -> dict[str, Any]:
    return {
        "description": means,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
