"""`/openapi.json` and `/docs` for whoever is signed in: a plain page, drawn here, fetching nothing from elsewhere."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from access.api.desk import Settled

routes = APIRouter(include_in_schema=False)


@routes.get("/openapi.json")
async def openapi(request: Request, _actor: Settled) -> dict[str, Any]:
    """Return the interface's description."""
    described: dict[str, Any] = request.app.openapi()
    return described


@routes.get("/docs")
async def docs(request: Request, _actor: Settled) -> HTMLResponse:
    """List every operation with what it does."""
    described = request.app.openapi()
    rows = [
        f"<tr><td><code>{method.upper()}</code><td><code>{escape(path)}</code>"
        f"<td>{escape(operation.get('description', ''))}</tr>"
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    ]
    title = escape(described["info"]["title"])
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    link = '<p>The whole description: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
    return HTMLResponse(f"{head}{link}<table>{''.join(rows)}</table></html>")
