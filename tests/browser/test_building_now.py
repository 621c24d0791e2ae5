"""The page in a real Chromium: counts move by themselves, the policy refuses nothing, and staleness is said."""

from datetime import timedelta
from functools import partial

import msgspec
import pytest
from playwright.sync_api import Page, expect

from access.dashboard.stream import EventStream
from policies.decision import Effect, Reason
from readers.wire.events import EventType
from tests.browser.conftest import Visit
from tests.live_events import NINE, event, passage

HALL = '[data-space="b23-0-hall"] .room-count'


def enter(seq: int):
    return passage(seq, f"p{seq}", "main-b23", "outside", "b23-0-hall")


def wait_live(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-stream", "live")


def test_a_passage_changes_the_count_on_the_page_without_reloading_it(visit: Visit):
    page = visit.open()
    wait_live(page)
    page.evaluate("window.stillTheSamePage = true")
    expect(page.locator(HALL)).to_have_text("0 / 80")
    visit.site.happen(enter(1), enter(2))
    expect(page.locator(HALL)).to_have_text("2 / 80")
    expect(page.locator(".total dd")).to_have_text("2")
    expect(page.locator('tr[data-space="b23-0-hall"] td').first).to_have_text("2")
    expect(page.locator(".age")).to_contain_text("as of 09:00:02, live")
    visit.site.happen(passage(3, "p1", "cnam-1", "b23-0-hall", "cnam-1"))
    expect(page.locator(HALL)).to_have_text("1 / 80")
    expect(page.locator('[data-space="cnam-1"] .room-count')).to_have_text("1 / 40")
    assert page.evaluate("window.stillTheSamePage")
    assert visit.complaints == []
    assert visit.hosts == {visit.site.address.removeprefix("http://")}


def test_a_refusal_and_an_alarm_show_in_the_feed_and_at_the_door(visit: Visit):
    page = visit.open()
    wait_live(page)
    refused = event(1, EventType.DECISION, "server-room", effect=Effect.DENY, reason=Reason.NO_ACCESS_RIGHTS)
    visit.site.happen(refused, event(2, EventType.DOOR_HELD, "courtyard"))
    first, second = page.locator(".feed li").nth(0), page.locator(".feed li").nth(1)
    expect(first).to_contain_text("The door is being held open.")
    expect(second).to_contain_text("You have no access to this space.")
    expect(second).to_contain_text("refused")
    expect(page.locator(".alarms")).to_contain_text("Courtyard entrance")
    expect(page.locator('a.door[data-door="courtyard"]')).to_have_class("door held")
    assert visit.complaints == []


def test_nothing_on_the_page_moves_when_numbers_change(visit: Visit):
    page = visit.open()
    wait_live(page)
    boxes = (
        "[...document.querySelectorAll('h2, .plan, .feed, .alarms, .summary dl > div, nav a')]"
        ".map((part) => JSON.stringify(part.getBoundingClientRect()))"
    )
    before = page.evaluate(boxes)
    crowd = [enter(seq) for seq in range(1, 1235)]
    crowd = [msgspec.structs.replace(one, at=NINE + timedelta(milliseconds=one.seq)) for one in crowd]
    visit.site.happen(*crowd, event(200, EventType.DOOR_FORCED, "agora"))
    expect(page.locator(".total dd")).to_have_text("1,234")
    assert page.evaluate(boxes) == before


def test_the_page_says_that_it_is_stale_when_the_server_is_gone(visit: Visit):
    page = visit.open()
    wait_live(page)
    visit.site.happen(enter(1))
    expect(page.locator(".total dd")).to_have_text("1")
    visit.site.stop()
    expect(page.locator("html")).to_have_attribute("data-stream", "stale", timeout=15_000)
    expect(page.locator(".when-stale")).to_be_visible()
    expect(page.locator(".when-stale")).to_contain_text("stale since 09:00:01")
    expect(page.locator(".when-live")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_the_page_fits_the_screen_without_scrolling_sideways(visit: Visit, width: int):
    visit.page.set_viewport_size({"width": width, "height": 844})
    page = visit.open()
    wait_live(page)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_is_reached_by_keyboard_beginning_with_the_way_to_the_plans(visit: Visit):
    page = visit.open()
    wait_live(page)
    reached: list[str] = []
    while "feed" not in reached and len(reached) < 200:
        page.keyboard.press("Tab")
        here = "document.activeElement"
        reached.append(page.evaluate(f"{here}.getAttribute('class') || {here}.id || {here}.tagName"))
    assert reached[0] == "skip"
    assert {"quiet", "space step-0", "door locked", "SUMMARY", "feed"} <= set(reached)
    assert reached.count("space step-0") == len(visit.site.live.building.leaves())


def test_a_room_opens_its_panel_by_keyboard_and_gives_the_focus_back(visit: Visit):
    page = visit.open()
    wait_live(page)
    hall = page.locator('a[data-space="b23-0-hall"]')
    hall.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("Hall")
    expect(page.locator("#panel h2")).to_be_focused()
    expect(page.locator("#panel .headline")).to_contain_text("0 of 80")
    visit.site.happen(enter(1), enter(2))
    expect(page.locator("#panel .headline")).to_contain_text("2 of 80")
    page.locator("#panel").get_by_role("link", name="Main entrance B23").click()
    expect(page.locator("#panel h2")).to_have_text("Main entrance B23")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(hall).to_be_focused()
    # The room was redrawn under the focus, and keeps it.
    visit.site.happen(enter(3))
    expect(page.locator(HALL)).to_have_text("3 / 80")
    expect(hall).to_be_focused()
    assert visit.complaints == []


def test_an_operator_signs_in_and_out_by_the_forms(visit: Visit):
    page = visit.page
    page.context.clear_cookies()
    visit.open("/?lang=en")
    assert page.url.endswith("/sign-in")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("That name and password do not match.")
    page.get_by_label("Password").fill("one-time-secret")
    page.get_by_role("button", name="Sign in").click()
    wait_live(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    # The browser itself notes the refused form; nothing else may complain.
    assert all("422" in complaint for complaint in visit.complaints)


def test_a_stream_that_ends_is_taken_up_where_it_was(visit: Visit, monkeypatch):
    monkeypatch.setattr("access.dashboard.routes.EventStream", partial(EventStream, lasts_s=0.1))
    page = visit.open()
    with page.expect_request(lambda request: "/stream" in request.url):
        visit.site.happen(enter(1))  # the stream that tells of it ends then, and the page asks for the next
    expect(page.locator(".total dd")).to_have_text("1")
    visit.site.happen(enter(2))
    expect(page.locator(".total dd")).to_have_text("2")
    wait_live(page)
    # htmx notes each end of a stream as an error; nothing else may complain.
    assert set(visit.complaints) <= {"error: [object Event]"}
