"""Door commands over HTTP, at the wall's pace: who may, what doors answer, and what is told where they do not."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx

from access.api import create_app
from access.services.rights import SCOPES, Role
from access.site.emulated import EmulatedSettings, EmulatedSite
from emulators.clock import BuildingLoop, LoopClock
from policies.ids import DoorId
from tests.journeys.test_in_memory import KM0, TUESDAY_MORNING, live_pace

WHY = {"reason": "délivery of a parcel"}


def client(site: EmulatedSite, role: Role) -> httpx.AsyncClient:
    scopes = tuple(scope.value for scope in SCOPES[role])
    key = site.services.keys.create(role.value, scopes, "test", site.clock.now())
    app = create_app(site.services, site.clock.now, None, lambda: site.intake.is_connected)
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://totem.test", headers=headers
    )


def live(directory: Path) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop, TUESDAY_MORNING)
        settings = EmulatedSettings(KM0, directory, people=0)
        site = EmulatedSite(settings, clock, live_pace(clock), keeps_history=False)
        async with site.running():
            await clock.sleep(1)
            assert isinstance(loop, BuildingLoop)
            loop.go_live()
            await story(site)

    with asyncio.Runner(loop_factory=BuildingLoop) as runner:
        runner.run(scene())


async def story(site: EmulatedSite) -> None:
    guard, clerk = client(site, Role.SECURITY), client(site, Role.RECEPTIONIST)
    agora = site.devices.doors[DoorId("agora")]

    for path, body in (
        ("doors/agora/unlock", WHY),
        ("doors/agora/mode", {"mode": None, **WHY}),
        ("lockdown", WHY),
    ):
        assert (await clerk.post(f"/v1/{path}", json=body)).status_code == 403
    assert (await guard.post("/v1/doors/nowhere/unlock", json=WHY)).status_code == 404
    assert (await guard.post("/v1/doors/agora/unlock", json={})).status_code == 422

    answer = await guard.post("/v1/doors/agora/unlock", json=WHY)
    assert (answer.status_code, answer.json()["doors"]) == (200, {"agora": "obeyed"})
    assert agora.push()

    until = (site.clock.now() + timedelta(hours=1)).isoformat()
    answer = await guard.post("/v1/doors/agora/mode", json={"mode": "free", "until": until, **WHY})
    assert (answer.json()["doors"], answer.json()["waits_for"]) == ({"agora": "obeyed"}, None)
    shown = (await guard.get("/v1/doors/agora")).json()
    assert (shown["mode"], shown["mode_by"], shown["waits_for_first"]) == ("free", "operator", False)
    assert (await guard.post("/v1/doors/agora/mode", json={"mode": "free", **WHY})).status_code == 422

    answer = await guard.post("/v1/lockdown", json={"space": "agora", **WHY})
    assert set(answer.json()["doors"].values()) == {"obeyed"}
    refused = await guard.post("/v1/doors/agora/unlock", json=WHY)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:totem:problem:command-refused"
    assert refused.json()["detail"].startswith("door agora: refused: lockdown: a lockdown is in force there")
    french = await guard.post("/v1/doors/agora/unlock", json=WHY, headers={"Accept-Language": "fr"})
    assert "un confinement y est en vigueur" in french.json()["detail"]
    ordered = await guard.post("/v1/doors/agora/mode", json={"mode": "free", "until": until, **WHY})
    assert (ordered.json()["doors"], ordered.json()["waits_for"]) == ({"agora": "obeyed"}, "lockdown")
    assert (await guard.get("/v1/doors/agora")).json()["mode"] == "lockdown"
    assert [one["space"] for one in (await guard.get("/v1/lockdown")).json()] == ["agora"]
    assert (await guard.delete("/v1/lockdown", params=WHY)).status_code == 409, "of the site there is none"
    assert (await guard.delete("/v1/lockdown", params={"space": "agora", **WHY})).status_code == 200
    assert (await guard.get("/v1/lockdown")).json() == []

    said = (await guard.get("/v1/events", params={"door": "agora", "limit": 100})).json()["items"]
    assert {one["ordered_by"][:4] for one in said if one["command"]} == {"key:"}
    told = [(one["type"], one["cause"], one["mode"], one["ordered_why"]) for one in said if one["command"]]
    assert ("command", "unlock", None, WHY["reason"]) in told
    assert ("command", "lockdown", None, WHY["reason"]) in told, "refused under a lockdown"
    assert ("mode-changed", "lockdown", "lockdown", WHY["reason"]) in told

    site.bus.down()
    silent = await guard.post("/v1/doors/agora/unlock", json=WHY)
    assert silent.status_code == 504
    assert silent.json()["type"] == "urn:totem:problem:door-silent"
    answer = await guard.post("/v1/lockdown", json=WHY)
    assert set(answer.json()["doors"].values()) == {"silent"}, "kept, and taken up when they are back"


def test_security_commands_doors_over_http_and_hears_what_they_answer(tmp_path: Path) -> None:
    live(tmp_path)
