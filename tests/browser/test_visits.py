"""A receptionist's day in a browser: a visitor is expected, comes, is lent a badge and goes; and what is refused."""

from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from access.dashboard.front import SESSION_COOKIE
from access.dashboard.guard import CSRF_COOKIE
from access.services.rights import Role
from access.services.visits import VisitFilter, VisitState
from policies.ids import PersonId
from policies.roster import BadgeStatus
from tests.browser.barriers import barriers
from tests.browser.whole_site import LENT, NOW, WholeSite

pytestmark = pytest.mark.xdist_group("visits")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    site = WholeSite(tmp_path_factory.mktemp("visits"))
    yield site
    site.stop()


@pytest.fixture(scope="module")
def open_as(chromium: Browser, whole: WholeSite):
    with whole.pages(chromium) as opens:

        def open_page(role: Role, path: str = "/visits") -> Page:
            return opens(role, path, width=1280)

        yield open_page


@pytest.fixture(scope="module")
def desk(whole: WholeSite):
    """Return a receptionist without a browser."""
    cookies = {SESSION_COOKIE: whole.tokens[Role.ADMINISTRATOR]}
    with httpx.Client(base_url=whole.address, cookies=cookies, headers={"Accept-Language": "en"}) as client:
        client.get("/visits?lang=en")
        yield client


def group(page: Page, name: str):
    return page.locator(f"section[aria-labelledby=visits-{name}]")


def fill(page: Page, name: str, host: str) -> None:
    page.get_by_label("Visitor’s name").fill(name)
    page.get_by_label("Host (name or id)").fill(host)


def token(page: Page) -> str:
    return page.locator("header input[name=csrf]").get_attribute("value") or ""


def test_the_day_shows_who_is_late_who_is_here_and_who_has_gone(open_as):
    page = open_as(Role.ADMINISTRATOR)
    expect(group(page, "expected").locator("li")).to_contain_text("Nils")
    expect(group(page, "expected").locator("strong")).to_have_text("late")
    expect(group(page, "arrived").locator("li")).to_contain_text(
        "to see Ada Lovelace · escorted · came at 09:00"
    )
    expect(group(page, "gone").locator("li")).to_contain_text("left at 09:00")
    expect(page.locator("nav.pages [aria-current]")).to_have_text("Visits")


def test_a_visitor_is_expected_is_lent_a_badge_on_arrival_and_gives_it_back(open_as, whole):
    page, other = open_as(Role.ADMINISTRATOR), open_as(Role.ADMINISTRATOR)
    fill(page, "Grace Hopper", "lovelace")
    page.get_by_role("button", name="Expect").click()
    row = group(page, "expected").locator("li", has_text="Grace Hopper")
    row.get_by_label("Badge handed out").select_option(LENT)
    expect(group(other, "expected")).to_contain_text("Grace Hopper")
    row.get_by_role("button", name="Grace Hopper: arrived").click()
    here = group(page, "arrived").locator("li", has_text="Grace Hopper")
    expect(here).to_contain_text(f"badge {LENT}")
    lent = whole.services.badges.get(LENT)
    assert (lent.status, lent.valid_until) == (BadgeStatus.ACTIVE, NOW + timedelta(hours=2))
    expect(group(other, "arrived")).to_contain_text("Grace Hopper")
    assert not barriers(page)
    here.get_by_role("button", name="Grace Hopper: gone").click()
    expect(group(page, "gone")).to_contain_text("Grace Hopper")
    assert whole.services.badges.get(LENT).person is None


def test_somebody_who_is_here_already_is_let_in_at_once_and_alone_only_where_it_is_said(open_as, whole):
    page = open_as(Role.ADMINISTRATOR)
    fill(page, "Alan Turing", "ada")
    page.get_by_label("Moves about").select_option("agora")
    page.get_by_role("button", name="Here already").click()
    expect(group(page, "arrived").locator("li", has_text="Alan")).to_contain_text("alone: Agora")
    visit = next(
        one
        for one in whole.services.visits.page(VisitFilter(host=PersonId("ada"), state=VisitState.ARRIVED))
        if one.spaces
    )
    assert visit.spaces == ("agora",)


def test_what_another_desk_did_meanwhile_is_not_done_twice(open_as, whole):
    page = open_as(Role.ADMINISTRATOR)
    fields = {"csrf": token(page), "version": "1"}
    done = whole.services.visits.get("v-1")
    answer = page.request.post(f"{whole.address}/visits/v-1/leave", form=fields)
    assert answer.status == 422
    assert "This visit has just changed" in answer.text()
    assert whole.services.visits.get("v-1") == done


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"csrf": "made up"}, "This form has expired"),
        ({"name": " "}, "The visitor’s name is needed."),
        ({"host": "nobody at all"}, "There is no host of that name."),
        ({"host": "visitor-0"}, "There is no host of that name."),
        ({"until": "2020-01-01T10:00"}, "The end of the visit must be to come"),
        ({"since": "0001-01-01T00:00"}, "The end of the visit must be to come"),
        ({"until": "soon"}, "The end of the visit must be to come"),
        ({"until": "2026-09-15T08:59"}, "The end of the visit must be to come"),
    ],
)
def test_a_form_that_will_not_do_is_shown_again_with_the_reason(desk, changes, refusal):
    whole_form = {
        "name": "Grace",
        "host": "ada",
        "since": "2026-09-15T09:00",
        "until": "2026-09-15T11:00",
        "csrf": desk.cookies[CSRF_COOKIE],
    }
    answer = desk.post("/visits?lang=en", data=whole_form | changes)
    assert answer.status_code == 422
    assert refusal in answer.text
    since = (whole_form | changes)["since"]
    assert f'value="{since}"' in answer.text, "nothing has to be typed again"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "soon"])
def test_a_day_that_no_calendar_holds_is_refused_like_any_that_is_none(desk, day):
    told = {"day": day, "csrf": desk.cookies[CSRF_COOKIE]}
    answers = [desk.get(f"{path}?day={day}") for path in ("/visits", "/visits/list")]
    answers.append(desk.post("/visits/v-0/arrive", data=told))
    assert [answer.status_code for answer in answers] == [422] * 3


def test_of_several_hosts_with_a_name_one_is_chosen(open_as):
    page = open_as(Role.ADMINISTRATOR)
    fill(page, "Grace", "o")
    page.get_by_label("Host (name or id)").fill("lo")
    page.get_by_role("button", name="Expect").click()
    expect(page.get_by_role("alert")).to_have_text("Several people have that name: choose the host.")
    page.get_by_label("Which one?").select_option("long")
    page.get_by_role("button", name="Expect").click()
    expect(group(page, "expected").locator("li", has_text="Grace")).to_have_count(1)


def test_guards_see_the_day_and_change_nothing_and_others_do_not_see_it(open_as, whole):
    guard = open_as(Role.SECURITY)
    expect(group(guard, "expected").locator("li")).not_to_have_count(0)
    expect(guard.locator("main form")).to_have_count(0)
    answer = guard.request.post(f"{whole.address}/visits/v-0/cancel", form={"csrf": token(guard)})
    assert answer.status == 403
    viewer = open_as(Role.VIEWER, "/kiosk")
    assert viewer.request.get(f"{whole.address}/visits").status == 403


def test_a_company_s_reception_sees_visits_to_its_own_people_only_and_lends_no_badge(open_as, whole):
    page = open_as(Role.RECEPTIONIST)
    expect(page.locator(".visits li")).to_have_count(0)
    fill(page, "Grace", "ada")
    page.get_by_role("button", name="Expect").click()
    expect(page.get_by_role("alert")).to_have_text("There is no host of that name.")
    fields = {"csrf": token(page), "version": "1", "badge": LENT}
    answer = page.request.post(f"{whole.address}/visits/v-0/arrive", form=fields)
    assert answer.status == 422
    assert whole.services.visits.get("v-0").state is VisitState.EXPECTED
