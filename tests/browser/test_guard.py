"""From a tap at a door to the screen, and from the pages to the doors and their answers: all of a running KM0."""

import csv
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import PATIENCE_MS
from tests.journeys.demo import Demo

FIRE_DOOR = "escape-b24-north"
PASSWORD = "four walls and one door"
NEW = "04c0ffee000001"

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    demo = Demo("--no-people")
    yield demo
    demo.interrupt()


@pytest.fixture(scope="module")
def guard(chromium: Browser, demo: Demo) -> Iterator[Page]:
    context = chromium.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{demo.address}/?lang=en")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    for label in ("New password", "Once more"):
        page.get_by_label(label).fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    yield page
    context.close()


def expect_accessible(page: Page) -> None:
    found = barriers(page)
    assert not found, found


def touch(demo: Demo, door: str, act: str) -> dict[str, bool]:
    answer: dict[str, bool] = demo.post(f"/emulation/doors/{door}/{act}", {}).json()
    return answer


def tap(demo: Demo, reader: str) -> dict[str, object]:
    """Walk up for a second, hold the card to the reader, and go through where it opens."""
    answer: dict[str, object] = demo.post("/emulation/tap", {"reader": reader, "badge": NEW}).json()
    return answer


def set_mode(page: Page, mode: str, reason: str, until: str = "") -> None:
    """Fill in and send the form of a door's mode, which is open."""
    form = page.locator("form[action$='/mode']")
    form.get_by_label("Mode").select_option(mode)
    form.get_by_label("Reason").fill(reason)
    if until:
        form.get_by_label("Until").fill(until)
    form.get_by_role("button").click()


def test_a_card_is_enrolled_by_a_tap_moves_the_plan_and_is_refused_once_it_is_lost(demo: Demo, guard: Page):
    ada = {"id": "ada", "name": "Ada Lovelace", "type": "security", "tiers": ["security"]}
    demo.post("/v1/people", ada)
    guard.goto(f"{demo.address}/desk?q=lovelace&lang=en")
    assert tap(demo, "agora-in")["reason"] == "denied-unknown-credential"
    guard.get_by_role("button", name=f"Give a badge: {NEW}").click()
    expect(guard.locator(".person .status-active")).to_have_text("active")

    plan = guard.context.new_page()
    plan.goto(f"{demo.address}/?lang=en")
    agora = plan.locator('[data-space="agora"] .room-count')
    expect(agora).to_contain_text("0 /")
    # The card is at the reader one second after it was given.
    assert tap(demo, "agora-in")["opened"] is True
    expect(agora).to_contain_text("1 /")
    expect(plan.locator(".total dd")).to_have_text("1")
    expect(plan.locator(".feed li").first).to_contain_text("Agora entrance")
    assert tap(demo, "agora-out")["opened"] is True
    expect(agora).to_contain_text("0 /")

    guard.get_by_role("button", name="Report lost").click()
    # And again one second after it was reported lost.
    refused = tap(demo, "agora-in")
    assert (refused["reason"], refused["opened"]) == ("denied-authentication-factor-lost", False)
    expect(agora).to_contain_text("0 /")
    expect(guard.locator(".person .status-lost")).to_have_text("lost")
    guard.get_by_role("link", name="Why?").first.click()
    expect(guard.locator("#why")).to_contain_text("Agora entrance")
    expect(guard.locator("#why .told")).to_contain_text("lost")
    plan.close()


def test_somebody_is_let_in_from_the_panel_and_the_door_s_answer_is_shown(demo: Demo, guard: Page):
    guard.goto(f"{demo.address}/?lang=en")
    guard.locator("a[href='/doors/agora']").first.dispatch_event("click")
    panel = guard.locator("#panel")
    panel.get_by_label("Reason").first.fill("a parcel")
    panel.get_by_role("button", name="Unlock once").click()
    expect(panel.locator("#answer")).to_contain_text("1 door of 1 obeyed")
    expect(panel.locator("#answer")).to_be_in_viewport(ratio=1)
    assert touch(demo, "agora", "push")["is_open"], "the bolt is drawn"
    expect_accessible(guard)


def test_a_mode_is_set_until_a_time_and_lifted_again_and_the_door_s_page_follows(demo: Demo, guard: Page):
    guard.goto(f"{demo.address}/doors/agora?lang=en")
    guard.get_by_text("Set a mode").first.click()
    set_mode(guard, "free", "open day")
    expect(guard.locator("#answer")).to_contain_text("1 door of 1 obeyed")
    expect(guard.locator(".door-mode")).to_contain_text("Mode: free, by an operator until")
    set_mode(guard, "free", "too late", "2020-01-01T10:00")
    expect(guard.locator("#answer")).to_contain_text("The end must be a time to come.")
    set_mode(guard, "scheduled", "over")
    expect(guard.locator("#answer")).to_contain_text("1 door of 1 obeyed")


def test_a_lockdown_asks_whether_it_is_meant_is_obeyed_refuses_an_unlocking_and_is_released(
    demo: Demo, guard: Page
):
    elsewhere = guard.context.new_page()
    elsewhere.goto(f"{demo.address}/history?lang=en")
    expect(elsewhere.locator(".lockdown-now")).to_have_text("")
    guard.goto(f"{demo.address}/?lang=en")
    box = guard.locator(".lockdown")
    box.get_by_label("Where").select_option("agora")
    box.get_by_label("Reason").fill("intruder")
    box.get_by_role("button", name="Lock down…").click()
    expect(box.locator(".ask")).to_contain_text("shut to whoever enters")
    expect_accessible(guard)
    box.get_by_role("button", name="Lock down now").click()
    expect(box.locator("#lockdown-answer")).to_contain_text("obeyed, at")
    expect(box.locator("#lockdown-standing")).to_contain_text("intruder")
    for page in (guard, elsewhere):
        expect(page.locator(".lockdown-now")).to_contain_text("Lockdown in force: Agora")
    expect(elsewhere.locator(".lockdown-now")).not_to_contain_text("intruder")
    expect_accessible(elsewhere)

    guard.goto(f"{demo.address}/doors/agora?lang=en")
    expect(guard.locator(".door-mode")).to_contain_text("Mode: lockdown, by a lockdown")
    guard.get_by_label("Reason").first.fill("a parcel")
    guard.get_by_role("button", name="Unlock once").click()
    expect(guard.locator("#answer")).to_contain_text("refuses: a lockdown is in force.")
    guard.get_by_text("Set a mode").first.click()
    set_mode(guard, "free", "open day")
    expect(guard.locator("#answer")).to_contain_text("A lockdown stands above: this mode is kept")
    set_mode(guard, "scheduled", "over")
    expect(guard.locator("#answer")).not_to_contain_text("A lockdown stands above")

    guard.goto(f"{demo.address}/lockdown?lang=en")
    guard.get_by_role("link", name="End the lockdown").click()
    guard.locator(".ask").get_by_label("Reason").fill("all clear")
    guard.get_by_role("button", name="End the lockdown").click()
    expect(guard.locator("#lockdown-answer")).to_contain_text("obeyed, at")
    expect(guard.locator("#lockdown-standing")).to_contain_text("No lockdown in force.")
    for page in (guard, elsewhere):
        expect(page.locator(".lockdown-now")).to_have_text("")
    elsewhere.close()
    expect_accessible(guard)


def test_in_a_fire_the_list_of_who_was_inside_stands_still_and_wardens_find_everybody(
    demo: Demo, guard: Page
):
    for number, who in enumerate(("ann", "bob", "eve"), start=1):
        demo.post("/v1/people", {"id": who, "name": who.title(), "type": "security", "tiers": ["security"]})
        demo.post("/v1/badges", {"id": f"04c0ffee00001{number}", "kind": "uid", "person": who})
        tap = {"reader": "agora-in", "badge": f"04c0ffee00001{number}"}
        assert demo.post("/emulation/tap", tap).json()["opened"]
    assert touch(demo, FIRE_DOOR, "release")["is_released"]
    left = {"reader": "agora-out", "badge": "04c0ffee000012"}
    assert demo.post("/emulation/tap", left).json()["effect"] == "grant"

    guard.goto(f"{demo.address}/rollcall?lang=en")
    csrf = guard.request.get(f"{demo.address}/v1/session").json()["csrf"]
    said = guard.request.post(
        f"{demo.address}/v1/spaces/fablab/count",
        data={"count": 4, "reason": "counted by hand"},
        headers={"X-CSRF-Token": csrf},
    )
    assert said.ok, said.text()
    guard.reload()
    expect(guard.get_by_role("alert")).to_contain_text("Doors released for evacuation since")
    expect_accessible(guard)
    guard.get_by_role("button", name="Alarm").click()
    expect(guard.locator(".muster-total")).to_contain_text("2 to find of 3")
    expect(guard.locator("#muster")).to_contain_text("Inside at")
    nameless = "more are counted whom nobody knows by name"
    expect(guard.locator("#muster > .unnamed")).to_contain_text(nameless)
    expect(guard.locator(".muster-group .unnamed", has_text=f"4 {nameless}")).to_have_count(1)
    expect(guard.locator("li", has_text="Bob")).to_contain_text("left at")
    expect(guard.locator("li", has_text="Ann")).to_contain_text("inside, to find")
    expect_accessible(guard)
    other = guard.context.new_page()
    other.goto(guard.url)
    other.get_by_role("button", name="Ann: safe").click()
    expect(guard.locator("li", has_text="Ann")).to_contain_text("safe at")
    expect(guard.locator(".muster-total")).to_contain_text("1 to find of 3")
    other.close()
    sheet = guard.request.get(f"{guard.url}".replace("/rollcall", "/v1/rollcall") + "/people.csv").text()
    rows = list(csv.DictReader(sheet.splitlines()))
    assert sum(bool(row["person"]) for row in rows) == 3
    assert [row["unnamed"] for row in rows if row["space"] == "fablab"] == ["4"]
    guard.emulate_media(media="print")
    expect(guard.get_by_role("button", name="Eve: safe")).to_be_hidden()
    guard.emulate_media(media="screen")

    assert touch(demo, FIRE_DOOR, "rearm") is not None
    guard.get_by_role("button", name="Close the roll-call").click()
    expect(guard.locator(".lead")).to_contain_text("closed")
    guard.goto(f"{demo.address}/doors/{FIRE_DOOR}?lang=en")
    guard.get_by_label("Reason").first.fill("all out")
    guard.get_by_role("button", name="Re-arm").click()
    expect(guard.locator("#answer")).to_contain_text("1 door of 1 obeyed")
    guard.goto(f"{demo.address}/rollcall?lang=en")
    expect(guard.locator(".release")).to_have_count(0)
    guard.get_by_label("Reason").fill("who is left")
    guard.get_by_role("button", name="Show").click()
    expect(guard.locator(".muster li")).to_have_count(1)
    expect(guard.locator(".muster li")).to_contain_text("Eve")


def test_whoever_has_no_script_gets_the_same_answers_as_pages(demo: Demo, guard: Page, chromium: Browser):
    context = chromium.new_context(java_script_enabled=False, storage_state=guard.context.storage_state())
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{demo.address}/doors/agora?lang=fr")
    page.get_by_label("Motif").first.fill("un colis")
    page.get_by_role("button", name="Ouvrir une fois").click()
    expect(page.locator(".answer")).to_contain_text("1 porte sur 1 a obéi")
    page.goto(f"{demo.address}/lockdown?lang=fr")
    page.get_by_label("Motif").fill("essai")
    page.get_by_role("button", name="Confiner…").click()
    expect(page.locator(".ask")).to_contain_text("Tout le site")
    page.get_by_role("link", name="Annuler").click()
    expect(page.locator("#lockdown-standing")).to_contain_text("Aucun confinement en cours.")
    context.close()


def test_no_form_is_taken_without_its_token(demo: Demo, guard: Page):
    for path, fields in (
        ("doors/agora/unlock", {}),
        ("doors/agora/mode", {"mode": "free", "until": "2030-01-01T10:00"}),
        ("lockdown", {"sure": "yes"}),
        ("lockdown/end", {}),
    ):
        answer = guard.request.post(
            f"{demo.address}/{path}", form={"reason": "x", "csrf": "made up", **fields}
        )
        assert answer.status == 422, path
        assert "expired" in answer.text() or "expiré" in answer.text()
