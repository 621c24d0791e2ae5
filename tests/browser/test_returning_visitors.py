"""Visitors who come again: found while their name is typed, with or without a script, and expected as who they are."""

import re
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from access.dashboard.front import SESSION_COOKIE
from access.dashboard.guard import CSRF_COOKIE
from access.services.people import PersonRecord
from access.services.rights import Role
from access.services.visits import VisitFilter, VisitRecord
from policies.ids import OrganisationId, PersonId
from policies.roster import ResidentType
from tests.browser.barriers import barriers
from tests.browser.whole_site import NOW, WholeSite

pytestmark = pytest.mark.xdist_group("visits")

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEFORE = (
    ("of-ada", "Hélène Weber", "ada", 7), ("of-jean", "Hélène Weber", "jean", 2),
    ("en", "Émilie Noether", "jean", 2), ("fr", "Émilie du Châtelet", "jean", 2),
)  # fmt: skip  # a table
"""Who was here, to see whom, how many days ago; the last two for one test each."""
NAME, HOST, LOOK, EXPECT, ABOUT = range(5)
SAID = {
    "en": ("Visitor’s name", "Host (name or id)", "Here before?", "Expect", "last visit on 13 Sep 2026"),
    "fr": (
        "Nom du visiteur",
        "Hôte (nom ou identifiant)",
        "Déjà venu ?",
        "Annoncer",
        "dernière visite le 13/09/2026",
    ),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Open a site where two Hélène Webers were before: one to see Ada, one to see Jean of Acme."""
    site = WholeSite(tmp_path_factory.mktemp("returning"))
    jean = PersonRecord(PersonId("jean"), ResidentType.STARTUP, OrganisationId("acme"), name="Jean")
    site.services.people.add([jean], "test", NOW)
    for person, name, host, days in BEFORE:
        came(site, person, name, host, NOW - days * DAY)
    yield site
    site.stop()


def came(site: WholeSite, person: str, name: str, host: str, begins: datetime) -> None:
    visits, ends = site.services.visits, begins + HOUR
    visit = VisitRecord(f"past-{person}", PersonId(person), PersonId(host), begins, ends, escorted=True)
    visits.expect(visit, name, "test", begins)
    visits.arrive(visit.id, None, "test", begins)
    visits.leave(visit.id, "test", ends)


@pytest.fixture
def open_page(chromium: Browser, whole: WholeSite):
    with whole.pages(chromium) as opens:

        def open_as(role: Role, language: str = "en", *, scripts: bool = True) -> Page:
            return opens(role, "/visits", language, 390, scripts=scripts)

        yield open_as


@pytest.fixture
def desk(whole: WholeSite):
    """Return the building's reception without a browser, and the form it would send."""
    cookies = {SESSION_COOKIE: whole.tokens[Role.ADMINISTRATOR]}
    with httpx.Client(base_url=whole.address, cookies=cookies) as client:
        client.get("/visits?lang=en")
        yield client


def form(desk: httpx.Client, **fields: str) -> dict[str, str]:
    hours = {"since": "2026-09-15T09:00", "until": "2026-09-15T11:00"}
    return {"name": "Hélène Weber", "host": "ada", "csrf": desk.cookies[CSRF_COOKIE]} | hours | fields


def visits_of(whole: WholeSite, person: str) -> int:
    return len(whole.services.visits.page(VisitFilter(person=PersonId(person))))


def called_helene(whole: WholeSite) -> list[str]:
    return [one.person.id for one in whole.services.reception.find("Weber")]


@pytest.mark.parametrize(("language", "typed"), [("en", "noe emi"), ("fr", "emilie du ch")])
def test_while_a_name_is_typed_the_desk_finds_who_was_here_and_expects_the_same_person(
    open_page, whole, language, typed
):
    page, said = open_page(Role.ADMINISTRATOR, language), SAID[language]
    page.get_by_label(said[NAME]).press_sequentially(typed)
    group = page.get_by_role("group", name=said[LOOK])
    expect(group.get_by_role("radio")).to_have_count(2)
    assert not barriers(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    group.get_by_label(said[ABOUT]).check()
    page.get_by_label(said[HOST]).fill("ada")
    page.get_by_role("button", name=said[EXPECT], exact=True).click()
    expect(page.locator("section[aria-labelledby=visits-expected]")).to_contain_text("Émilie")
    assert visits_of(whole, language) == 2
    assert [one.person.id for one in whole.services.reception.find("emilie")].count(language) == 1
    assert len(whole.services.reception.find("emilie")) == 2


def test_what_is_chosen_stays_chosen_while_more_of_the_name_is_typed(open_page):
    page = open_page(Role.ADMINISTRATOR)
    of_ada, name = page.locator("#visitor-known input[value=of-ada]"), page.get_by_label("Visitor’s name")
    name.fill("hel")
    of_ada.check()
    with page.expect_response(re.compile("/visits/known.*name=helene")):
        name.fill("helene")
    expect(of_ada).to_be_checked()
    name.fill("Grace")
    expect(page.locator("#visitor-known")).to_be_empty()


def test_an_answer_that_comes_late_takes_no_choice_away(open_page):
    page = open_page(Role.ADMINISTRATOR)
    held = list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("/visits/known.*name=hele"), hold)
    of_ada, name = page.locator("#visitor-known input[value=of-ada]"), page.get_by_label("Visitor’s name")
    name.fill("hel")
    expect(of_ada).to_be_visible()
    with page.expect_request(re.compile("name=hele")):
        name.fill("hele")
    of_ada.check()
    with page.expect_response(re.compile("name=hele")):
        held[0].continue_()
    expect(of_ada).to_be_checked()


def test_without_a_script_the_form_looks_for_a_name_and_asks_which_of_two_it_is(open_page, whole):
    page, before = open_page(Role.ADMINISTRATOR, scripts=False), visits_of(whole, "of-ada")
    page.get_by_label("Visitor’s name").fill("web")
    page.get_by_role("button", name="Here before?").click()
    expect(page.locator("#visitor-known")).to_contain_text("to see Ada Lovelace · last visit on 8 Sep 2026")
    page.get_by_label("Visitor’s name").fill("Helene Weber")
    page.get_by_label("Host (name or id)").fill("ada")
    page.get_by_role("button", name="Expect", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("say whether it is them")
    page.get_by_label("last visit on 8 Sep 2026").check()
    page.get_by_role("button", name="Expect", exact=True).click()
    expect(page.locator("section[aria-labelledby=visits-expected]")).to_contain_text("Hélène Weber")
    assert visits_of(whole, "of-ada") == before + 1
    page.get_by_label("Visitor’s name").fill("Grace")
    page.get_by_role("button", name="Here before?").click()
    expect(page.locator("#visitor-known")).to_have_text("Nobody of that name was here lately.")


def test_with_a_script_nothing_but_typing_looks_for_a_name(open_page):
    page = open_page(Role.ADMINISTRATOR)
    expect(page.get_by_role("button", name="Here before?")).to_be_hidden()


def test_somebody_else_of_the_name_is_enrolled_where_the_desk_says_so(desk, whole):
    before = called_helene(whole)
    assert desk.post("/visits", data=form(desk)).status_code == 422
    assert called_helene(whole) == before
    assert desk.post("/visits", data=form(desk, person="*")).status_code == 303
    assert len(called_helene(whole)) == len(before) + 1


@pytest.mark.parametrize(
    "fields", [{"person": "ada"}, {"person": "nobody"}, {"person": "of-ada", "name": "Grace Hopper"}]
)
def test_whoever_is_not_among_the_known_visitors_of_that_name_is_not_expected(desk, whole, fields):
    person, before = PersonId(fields["person"]), len(called_helene(whole))
    count = visits_of(whole, person)
    answer = desk.post("/visits", data=form(desk, **fields))
    assert answer.status_code == 422
    assert "no longer among those of that name" in answer.text
    assert (visits_of(whole, person), len(called_helene(whole))) == (count, before)


def test_a_company_is_offered_its_own_visitors_alone_and_expects_them_again(open_page, whole):
    page, before = open_page(Role.RECEPTIONIST), visits_of(whole, "of-jean")
    page.get_by_label("Visitor’s name").press_sequentially("Hélène Weber")
    known = page.locator("#visitor-known")
    expect(known.get_by_role("radio")).to_have_count(2)
    expect(known).not_to_contain_text("Ada")
    known.get_by_label("to see Jean").check()
    page.get_by_label("Host (name or id)").fill("jean")
    page.get_by_role("button", name="Here already").click()
    expect(page.locator("section[aria-labelledby=visits-arrived]")).to_contain_text("Hélène Weber")
    assert visits_of(whole, "of-jean") == before + 1
    token = page.locator("header input[name=csrf]").get_attribute("value") or ""
    told = {"name": "Hélène Weber", "host": "jean", "person": "of-ada", "csrf": token}
    hours = {"since": "2026-09-15T09:00", "until": "2026-09-15T11:00"}
    assert page.request.post(f"{whole.address}/visits", form=told | hours).status == 422
    assert PersonId("of-ada") not in {
        one.person for one in whole.services.visits.page(VisitFilter(host=PersonId("jean")))
    }


@pytest.mark.parametrize(("role", "status"), [(Role.SECURITY, 403), (None, 303)])
def test_nobody_who_may_not_expect_a_visitor_is_told_who_was_here(whole, role, status):
    cookies = {SESSION_COOKIE: whole.tokens[role]} if role else {}
    answer = httpx.get(f"{whole.address}/visits/known?name=weber", cookies=cookies)
    assert answer.status_code == status
    assert "Hélène" not in answer.text
