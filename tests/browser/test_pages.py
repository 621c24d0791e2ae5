"""Every page in a real Chromium: accessible, in both languages, light and dark, on desk and phone; and journeys."""

import re
from datetime import timedelta
from itertools import product
from typing import Literal, get_args

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from access.dashboard.front import SESSION_COOKIE
from access.dashboard.guard import CSRF_COOKIE
from access.services.rights import Role
from access.store import audit
from policies.decision import Effect, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, SpaceId
from policies.roster import BadgeStatus
from readers.wire.events import Draft, EventType
from tests.browser.barriers import barriers
from tests.browser.whole_site import NOW, WholeSite
from tests.soak import soaked

PAGES = [
    "/",
    "/history?space=restaurant",
    "/history?day=2026-09-10",
    "/spaces/restaurant",
    "/doors/courtyard",
    "/events",
    "/desk?q=a",
    "/kiosk",
    "/public",
    "/events/person",
    "/rollcall",
    "/lockdown",
    "/visits",
    "/password",
]
OF_A_COMPANY = ["/spaces", "/history?space=restaurant", "/desk?q=a", "/visits"]
VISITS = [(Role.SECURITY, path) for path in PAGES] + [(Role.RECEPTIONIST, path) for path in OF_A_COMPANY]
VISITS += [(Role.ADMINISTRATOR, "/visits")]
Scheme = Literal["light", "dark"]
LOOKS: list[tuple[str, list[tuple[Scheme, int]]]] = soaked(
    [("en", [("light", 1440), ("dark", 390)]), ("fr", [("dark", 1440), ("light", 390)])],
    [(language, list(product(get_args(Scheme), (1440, 390)))) for language in ("en", "fr")],
)
"""Any two of language, scheme and size meet once; `make soak` takes all eight."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    site = WholeSite(tmp_path_factory.mktemp("whole"))
    site.tell("edge-b23-0", *(entry(number) for number in range(20)), refused())
    site.tell("edge-b23-0", Draft(NOW, EventType.DOOR_HELD, DoorId("courtyard")))
    yield site
    site.stop()


def entry(number: int) -> Draft:
    at = NOW - timedelta(minutes=5) + timedelta(seconds=number)
    return Draft(
        at,
        EventType.PASSAGE,
        DoorId("main-b23"),
        space=SpaceId("b23-0-hall"),
        origin=SpaceId("outside"),
        person=PersonId(f"p{number}"),
    )


def refused(badge: str = "04deadbeef0001", reason: Reason = Reason.UNKNOWN_CREDENTIAL) -> Draft:
    return Draft(
        NOW - timedelta(minutes=1),
        EventType.DECISION,
        DoorId("main-b23"),
        ReaderId("main-b23-in"),
        SpaceId("b23-0-hall"),
        effect=Effect.DENY,
        reason=reason,
        badge=BadgeId(badge),
    )


@pytest.fixture
def visitor(chromium: Browser, whole: WholeSite):
    with whole.pages(chromium) as opens:

        def visit(role: Role | None, language: str = "en", width: int = 1440) -> Page:
            return opens(role, None, language, width)

        yield visit


@pytest.mark.soak
@pytest.mark.parametrize(("role", "path"), VISITS)
@pytest.mark.parametrize(("language", "looks"), LOOKS)
def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways(visitor, whole, language, looks, role, path):
    page: Page = visitor(role, language)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(f"{whole.address}{path}{'&' if '?' in path else '?'}lang={language}")
    assert answer is not None
    assert answer.status == 200
    assert page.locator("html").get_attribute("lang") == language
    for scheme, width in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        complaints += barriers(page)
    assert not complaints, "\n".join(complaints)


def test_wide_tables_of_the_history_scroll_by_themselves_on_a_phone_with_names_in_words(visitor, whole):
    page: Page = visitor(Role.VIEWER, width=360)
    page.goto(f"{whole.address}/history?space=restaurant&lang=en")
    table = page.locator(".kpis")
    name = table.get_by_role("link", name="Restaurant", exact=True)
    assert name.evaluate("link => link.getClientRects().length") == 1, "a word is broken"
    assert table.locator("tr").last.evaluate("row => row.offsetHeight") < 80
    box = page.locator(".tables", has=table)
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_levels_of_a_wall_screen_stand_in_rows_of_one_length(visitor, whole):
    for width in (390, 900, 1280, 1440, 1920):
        page: Page = visitor(Role.VIEWER, width=width)
        page.goto(f"{whole.address}/kiosk?lang=en")
        tops = page.locator(".wall li").evaluate_all("cards => cards.map(card => card.offsetTop)")
        assert len({tops.count(top) for top in tops}) == 1, (width, tops)


def test_the_menu_of_a_phone_shows_the_page_it_stands_on(visitor, whole):
    page: Page = visitor(Role.SECURITY, width=320)
    page.goto(f"{whole.address}/kiosk?lang=fr")
    page.goto(f"{whole.address}/lockdown?lang=fr")
    strip, here = (page.locator(one).bounding_box() for one in (".pages", ".pages [aria-current]"))
    assert strip is not None
    assert here is not None
    assert strip["x"] <= here["x"]
    assert here["x"] + here["width"] <= strip["x"] + strip["width"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_word_of_the_header_is_broken_and_beside_the_name_stands_one_line(visitor, whole, language):
    page: Page = visitor(Role.SECURITY, language)
    page.goto(f"{whole.address}/visits?lang={language}")
    for width, rows in ((360, 2), (720, 2), (1270, 2), (1271, 1)):
        page.set_viewport_size({"width": width, "height": 900})
        name, tools, header = (page.locator(one).bounding_box() for one in (".place", ".tools", ".top"))
        assert name is not None
        assert tools is not None
        assert header is not None
        assert abs(tools["y"] + tools["height"] / 2 - name["y"] - name["height"] / 2) < 3, width
        assert max(name["height"], tools["height"]) < 40, width
        assert header["height"] < 45 * rows, width
    page.set_viewport_size({"width": 360, "height": 900})
    other = "Français" if language == "en" else "English"
    expect(page.locator(".tools").get_by_role("link", name=other)).to_be_visible()


def test_the_page_of_one_s_password_leads_back_and_asks_for_no_change(visitor, whole):
    page: Page = visitor(Role.RECEPTIONIST)
    page.goto(f"{whole.address}/visits?lang=en")
    page.get_by_role("link", name="Password").click()
    page.get_by_role("link", name="Back to: Now").click()
    expect(page).to_have_url(f"{whole.address}/spaces")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/lockdown", "This page is not for you"),
        ("/doors/nowhere", "There is nothing at this address"),
        ("/spaces/nowhere", "There is nothing at this address"),
        ("/nowhere", "There is nothing at this address"),
    ],
)
def test_a_page_that_is_refused_or_unknown_says_so_and_leads_back(visitor, whole, path, said):
    page: Page = visitor(Role.VIEWER, width=390)
    page.goto(f"{whole.address}{path}", wait_until="load")
    expect(page.locator("h1")).to_have_text(said)
    assert not barriers(page)
    page.get_by_role("link", name="Back to: ").click()
    assert page.url == f"{whole.address}/"


@pytest.mark.parametrize(
    ("path", "field"),
    [("/doors/agora/unlock", {}), ("/doors/agora/mode", {"mode": "free"}), ("/lockdown", {"sure": "yes"})],
)
def test_a_reason_that_is_too_long_is_told_as_that(whole, path, field):
    cookies = {SESSION_COOKIE: whole.tokens[Role.SECURITY], CSRF_COOKIE: "of this browser"}
    form = {"reason": "x" * 301, "csrf": "of this browser", "until": "2026-09-15T18:00", **field}
    answer = httpx.post(f"{whole.address}{path}", cookies=cookies, data=form)
    assert answer.status_code == 422
    assert "The reason is too long" in answer.text or "Le motif est trop long" in answer.text
    assert "heure de fin" not in answer.text


@pytest.mark.parametrize(
    ("role", "days", "said"),
    [
        (Role.VIEWER, "from=soon", "There is no such day"),
        (Role.VIEWER, "from=&to=9999-12-31", "There is no such day"),
        (Role.VIEWER, "from=2020-01-01&to=soon", "There is no such day"),
        (Role.VIEWER, "from=2026-09-15&to=2026-09-01", "The end came before the beginning"),
        (Role.VIEWER, "from=2026-09-15&to=2020-01-01", "The end came before the beginning"),
        (Role.VIEWER, "from=2020-01-01&to=2026-09-15", "At most 366 days at a time"),
        (Role.RECEPTIONIST, "from=2026-07-18&to=2026-09-15", "At most 46 days at a time"),
    ],
)
def test_days_that_will_not_do_are_said_on_the_page_that_shows_others(whole, role, days, said):
    cookies = {SESSION_COOKIE: whole.tokens[role]}
    answer = httpx.get(f"{whole.address}/history?{days}&lang=en", cookies=cookies)
    assert answer.status_code == 200
    assert said in answer.text


def test_how_good_the_counts_are_is_said_of_the_last_days_where_too_many_are_asked_for(whole):
    cookies = {SESSION_COOKIE: whole.tokens[Role.VIEWER]}
    address = f"{whole.address}/history/quality?from=2026-01-01&to=2026-09-15&lang=en"
    answer = httpx.get(address, cookies=cookies)
    assert answer.status_code == 200
    assert "At most 93 days at a time" in answer.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RECEPTIONIST, Role.SECURITY, Role.ADMINISTRATOR])
def test_every_page_of_somebody_s_menu_opens_for_them(whole, role):
    cookies = {SESSION_COOKIE: whole.tokens[role]}
    with httpx.Client(base_url=whole.address, cookies=cookies) as client:
        first = "/spaces" if role is Role.RECEPTIONIST else "/"
        menu = re.search(r'<nav class="pages".*?</nav>', client.get(first).text, re.DOTALL)
        assert menu
        addresses = re.findall(r'href="([^"]+)"', menu[0])
        assert first in addresses
        assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(
            addresses, 200
        )


def test_the_history_says_since_when_there_are_events_beside_the_counts(visitor, whole):
    page: Page = visitor(Role.SECURITY)
    page.goto(f"{whole.address}/history?lang=en")
    quality = page.locator("section[aria-labelledby=quality-heading]")
    expect(quality).to_contain_text(
        "Events are kept since 15 Sep 2026: of the days before there are counts only."
    )
    figures, words = quality.locator(".figures"), quality.locator(".empty")
    above = figures.evaluate("box => box.getBoundingClientRect().bottom")
    assert above <= words.evaluate("box => box.getBoundingClientRect().top"), "words stand over the figures"


def test_nobody_sees_anything_but_the_public_page_without_signing_in(visitor, whole):
    page: Page = visitor(None)
    for path in PAGES:
        page.goto(whole.address + path)
        assert page.url.endswith("/sign-in") is (path != "/public"), path
    page.goto(f"{whole.address}/public?lang=en")
    assert page.locator("td").all_inner_texts()[1:] != []
    assert "not shown" in page.inner_text("table")


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "il faut au moins deux lettres"), ("en", "it takes two letters at least")]
)
def test_whoever_finds_nobody_at_the_desk_is_told_how_many_letters_it_takes(visitor, whole, language, said):
    page: Page = visitor(Role.ADMINISTRATOR)
    page.goto(f"{whole.address}/desk?q=a&lang={language}")
    expect(page.locator("section[aria-labelledby=people]")).to_contain_text(said)


def test_a_badge_is_reported_lost_in_two_clicks_and_one_is_handed_out_by_a_tap(visitor, whole):
    page: Page = visitor(Role.ADMINISTRATOR)
    page.goto(f"{whole.address}/desk?lang=en")
    page.get_by_label("Name or id").fill("lovelace")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Report lost").click()
    expect(page.locator(".person .status-lost")).to_have_text("lost")
    assert whole.services.badges.get(BadgeId("04a1b2c3d4e5f6")).status is BadgeStatus.LOST
    page.get_by_role("button", name="Give a badge: 04deadbeef0001").click()
    expect(page.locator(".person .status-active")).to_have_text("active")
    assert whole.services.badges.get(BadgeId("04deadbeef0001")).person == "ada"
    expect(page.locator("section", has_text="Why was I refused?").last).to_contain_text("Main entrance B23")


def test_names_of_any_kind_are_text_on_the_page(visitor, whole):
    page: Page = visitor(Role.SECURITY)
    alarmed: list[str] = []
    page.on("dialog", lambda dialog: alarmed.append(dialog.message))
    page.goto(f"{whole.address}/desk?q=eve&lang=en")
    expect(page.locator(".person h3").first).to_have_text("<script>alert('Eve')</script>")
    page.goto(f"{whole.address}/desk?q=long&lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert alarmed == []


def test_somebody_s_events_are_opened_for_a_purpose_and_a_reason_that_the_audit_keeps(visitor, whole):
    page: Page = visitor(Role.SECURITY)
    page.goto(f"{whole.address}/events/person?lang=en")
    page.get_by_label("Person (id)").fill("ada")
    page.get_by_label("Purpose").select_option("incident")
    page.get_by_label("Reason").fill("window broken on Tuesday")
    page.get_by_role("button", name="Open").click()
    expect(page.locator("table.log")).to_be_visible()
    with whole.services.database.reading() as session:
        read = [one for one in audit.page(session, 0, 1000) if one.action == "events-opened"]
    assert [(one.actor, one.subject, one.purpose, one.reason) for one in read] == [
        ("security", "ada", "incident", "window broken on Tuesday")
    ]


def test_without_a_reason_or_the_right_no_events_are_opened(visitor, whole):
    page: Page = visitor(Role.SECURITY)
    page.goto(f"{whole.address}/events/person?lang=en")
    csrf = page.locator("main input[name=csrf]").get_attribute("value") or ""
    for purpose, reason in (("", "x"), ("incident", "")):
        answer = page.request.post(
            f"{whole.address}/events/person",
            form={"person": "ada", "purpose": purpose, "reason": reason, "csrf": csrf},
        )
        assert answer.status == 422
        assert "A purpose and a reason are needed." in answer.text()
    viewer: Page = visitor(Role.VIEWER)
    assert viewer.request.get(f"{whole.address}/events/person").status == 403
    assert viewer.request.get(f"{whole.address}/desk").status == 403


def test_no_page_names_anybody_who_was_counted(visitor, whole):
    page: Page = visitor(Role.SECURITY)
    for path in PAGES:
        page.goto(whole.address + path)
        assert "p7" not in page.inner_text("main, body").split()


def test_the_building_page_weighs_less_than_150_kilobytes(visitor, whole):
    page: Page = visitor(Role.SECURITY)
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    page.goto(f"{whole.address}/?lang=en")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    page.wait_for_function("performance.getEntriesByType('resource').length >= 5")
    assert len(sizes) >= 6
    painted_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"{sum(sizes)} bytes on the line, first contentful paint after {painted_ms:.0f} ms")
    assert sum(sizes) < 150_000


def test_the_building_page_is_set_in_few_kinds_of_type(visitor, whole):
    """For each of them a browser asks the system, one after the other, before it paints anything."""
    page: Page = visitor(Role.SECURITY)
    page.goto(f"{whole.address}/?lang=en")
    kinds = page.evaluate(
        """() => {
            const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
            const shown = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility());
            const kinds = shown.filter((one) => [...one.childNodes].some(isText)).map((one) => {
                const { fontSize, fontWeight } = getComputedStyle(one);
                return `${fontSize} ${fontWeight} ${one.closest("svg") ? "plan" : "page"}`;
            });
            return [...new Set(kinds)];
        }"""
    )
    assert len(kinds) <= 16, sorted(kinds)


def test_what_was_tapped_just_now_appears_at_the_desk_by_itself_and_a_refusal_is_explained(visitor, whole):
    page: Page = visitor(Role.ADMINISTRATOR)
    page.goto(f"{whole.address}/desk?q=lovelace&lang=en")
    whole.tell("edge-b23-0", refused("04feedface0002"))
    expect(page.get_by_role("button", name="Give a badge: 04feedface0002")).to_be_visible()
    page.get_by_role("link", name="Why?").first.click()
    expect(page.locator("#why")).to_contain_text("This badge is nobody’s")


def test_a_badge_that_nobody_tapped_just_now_is_given_to_nobody(visitor, whole):
    page: Page = visitor(Role.ADMINISTRATOR)
    page.goto(f"{whole.address}/desk?q=lovelace&lang=en")
    csrf = page.locator("header input[name=csrf]").get_attribute("value") or ""
    answer = page.request.post(
        f"{whole.address}/desk/enrol",
        form={"badge": "04badbadbad001", "person": "ada", "search": "ada", "csrf": csrf},
    )
    assert answer.status == 422
    assert "hold it to the reader again" in answer.text()


def test_a_page_that_asks_by_itself_says_since_when_it_is_old(visitor, whole):
    page: Page = visitor(Role.SECURITY)
    page.goto(f"{whole.address}/events?lang=en")
    expect(page.locator("#rows .when-stale")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#rows .when-stale")).to_contain_text("data of 09:00:00", timeout=15_000)
    page.context.set_offline(False)
    expect(page.locator("#rows .when-stale")).to_be_hidden(timeout=15_000)
