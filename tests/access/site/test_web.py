"""The whole of a site over HTTP: nothing of it shows anything to a stranger."""

import asyncio

from access.services.rights import Scope
from access.site.web import Web
from tests.asgi_client import Client
from tests.small_site import NOON


def test_streams_and_pages_are_closed_to_strangers(services):
    async def opened():
        return Web(services, lambda: NOON, None, lambda: True)

    app = asyncio.run(opened()).app
    stranger = Client(app)
    for stream in ("/v1/stream/occupancy", "/v1/stream/events"):
        assert stranger.get(stream).status_code == 401
    assert stranger.get("/").headers["location"] == "/sign-in"
    assert stranger.get("/sign-in").status_code == 200
    secret = services.keys.create("viewer", (Scope.OCCUPANCY_READ.value,), "test", NOON)
    viewer = Client(app, {"Authorization": f"Bearer {secret}"})
    assert viewer.get("/v1/stream/events").status_code == 403
