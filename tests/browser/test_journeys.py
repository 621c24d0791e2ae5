"""From a tap at a door to the screen and back, over the whole of `totem run`: real daemons, journals, bus and pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.demo import Demo

PASSWORD = "four walls and one door"
NEW = "04c0ffee000001"
PATIENCE_MS = 60_000
"""A machine that runs other tests beside may be slow; what is waited for comes within a second on an idle one."""


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    demo = Demo("--no-people")
    demo.post("/v1/people", {"id": "ada", "name": "Ada Lovelace", "type": "security", "tiers": ["security"]})
    yield demo
    demo.interrupt()


@pytest.fixture(scope="module")
def desk(chromium: Browser, demo: Demo) -> Iterator[Page]:
    context = chromium.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{demo.address}/?lang=en")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    for label in ("New password", "Once more"):
        page.get_by_label(label).fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("data-stream", "live", timeout=PATIENCE_MS)
    yield page
    context.close()


def tap(demo: Demo, reader: str) -> dict[str, object]:
    """Walk up for a second, hold the card to the reader, and go through where it opens."""
    answer: dict[str, object] = demo.post("/emulation/tap", {"reader": reader, "badge": NEW}).json()
    return answer


@pytest.mark.timeout(300)  # it starts a whole site and a browser, which share what the machine has left
def test_a_card_is_enrolled_by_a_tap_moves_the_plan_and_is_refused_once_it_is_lost(demo: Demo, desk: Page):
    desk.goto(f"{demo.address}/desk?q=lovelace&lang=en")
    assert tap(demo, "agora-in")["reason"] == "denied-unknown-credential"
    desk.get_by_role("button", name=f"Give a badge: {NEW}").click()
    expect(desk.locator(".person .status-active")).to_have_text("active", timeout=PATIENCE_MS)

    plan = desk.context.new_page()
    plan.goto(f"{demo.address}/?lang=en")
    agora = plan.locator('[data-space="agora"] .room-count')
    expect(agora).to_contain_text("0 /")
    # The card is at the reader one second after it was given.
    assert tap(demo, "agora-in")["opened"] is True
    expect(agora).to_contain_text("1 /", timeout=PATIENCE_MS)
    expect(plan.locator(".total dd")).to_have_text("1")
    expect(plan.locator(".feed li").first).to_contain_text("Agora entrance")
    assert tap(demo, "agora-out")["opened"] is True
    expect(agora).to_contain_text("0 /", timeout=PATIENCE_MS)

    desk.get_by_role("button", name="Report lost").click()
    # And again one second after it was reported lost.
    refused = tap(demo, "agora-in")
    assert (refused["reason"], refused["opened"]) == ("denied-authentication-factor-lost", False)
    expect(agora).to_contain_text("0 /")
    expect(desk.locator(".person .status-lost")).to_have_text("lost", timeout=PATIENCE_MS)
    desk.get_by_role("link", name="Why?").first.click()
    expect(desk.locator("#why")).to_contain_text("Agora entrance", timeout=PATIENCE_MS)
    expect(desk.locator("#why .told")).to_contain_text("lost", timeout=PATIENCE_MS)
    plan.close()
