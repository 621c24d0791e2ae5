"""A client that speaks to an application in the same process, one request after the other, and keeps its cookies."""

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
from starlette.types import ASGIApp


def scope_of(method: str, path: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    """Return a request as a server hands it over, for what no client does: bodies in pieces, streams without end."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 1),
        "server": ("totem.test", 80),
    }


class Client:
    """As httpx.Client, over `app`."""

    def __init__(
        self, app: ASGIApp, headers: dict[str, str] | None = None, *, raises_faults: bool = True
    ) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=raises_faults)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://totem.test", headers=headers)
        self.headers, self.cookies = self._client.headers, self._client.cookies

    def request(self, method, url, **more) -> httpx.Response:
        """Send a request and return its answer."""
        return asyncio.run(self._client.request(method, url, **more))

    def get(self, url, **more) -> httpx.Response:
        return self.request("GET", url, **more)

    def post(self, url, **more) -> httpx.Response:
        return self.request("POST", url, **more)

    def patch(self, url, **more) -> httpx.Response:
        return self.request("PATCH", url, **more)

    def delete(self, url, **more) -> httpx.Response:
        return self.request("DELETE", url, **more)
