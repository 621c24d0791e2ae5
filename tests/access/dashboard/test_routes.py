"""The pages over HTTP: nothing without signing in, every refusal on its form, every answer under the policy."""

import gzip
import re

import httpx
import pytest

PASSWORD = "correct horse battery"


async def form(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    page = await client.get(path)
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token, page.text
    return await client.post(path, data={"csrf": token[1], **fields})


async def signed_in(client: httpx.AsyncClient) -> httpx.AsyncClient:
    await form(client, "/sign-in", name="ada", password="one-time-secret")
    await form(client, "/password", password=PASSWORD, again=PASSWORD)
    return client


@pytest.mark.parametrize("path", ["/", "/password"])
async def test_a_page_sends_a_visitor_to_sign_in(client, path):
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_the_stream_refuses_a_visitor(client):
    answer = await client.get("/stream")
    assert (answer.status_code, answer.content) == (401, b"")


async def test_a_one_time_password_leads_to_the_choice_of_one_and_then_to_the_page(client, operators):
    answer = await form(client, "/sign-in", name="ada", password="one-time-secret")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await client.get("/")).headers["location"] == "/password"
    assert (await client.get("/stream")).status_code == 401
    answer = await form(client, "/password", password=PASSWORD, again=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert operators.passwords["ada"] == PASSWORD
    page = await client.get("/")
    assert page.status_code == 200
    assert "KM0 Mulhouse" in page.text


async def test_a_password_of_ones_own_is_changed_with_the_one_in_use(client, operators):
    page = await (await signed_in(client)).get("/password")
    assert 'autocomplete="current-password"' in page.text
    other = "staple battery horse"
    answer = await form(client, "/password", password=other, again=other, current="guess")
    assert answer.status_code == 422
    assert "Ce n’est pas votre mot de passe actuel." in answer.text
    assert operators.passwords["ada"] == PASSWORD
    answer = await form(client, "/password", password=other, again=other, current=PASSWORD)
    assert (answer.status_code, operators.passwords["ada"]) == (303, other)


async def test_a_wrong_password_is_refused_on_the_form_and_the_password_never_comes_back(client):
    answer = await form(client, "/sign-in", name='ada"><script>', password="hunter2-hunter2")
    assert answer.status_code == 422
    assert 'role="alert">Ce nom et ce mot de passe ne vont pas ensemble. Après plusieurs' in answer.text
    assert 'value="ada&#34;&gt;&lt;script&gt;"' in answer.text
    assert "hunter2" not in answer.text
    assert "totem_session" not in client.cookies


async def test_a_form_without_its_token_is_refused(client, operators):
    fields = {"name": "ada", "password": "one-time-secret"}
    assert (await client.post("/sign-in", data=fields)).status_code == 403
    await client.get("/sign-in")
    answer = await client.post("/sign-in", data={**fields, "csrf": "made-up-é"})
    assert answer.status_code == 403
    assert not operators.sessions


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_from_another_site_is_refused_even_with_the_cookie_and_its_token(
    client, operators, site
):
    client.headers["sec-fetch-site"] = site
    answer = await form(client, "/sign-in", name="ada", password="one-time-secret")
    assert (answer.status_code, operators.sessions) == (403, {})
    client.headers["sec-fetch-site"] = "same-origin"
    assert (await form(client, "/sign-in", name="ada", password="one-time-secret")).status_code == 303


async def test_a_form_with_what_no_database_keeps_is_refused_before_anybody_is_sought(client):
    answer = await form(client, "/sign-in", name="ada\0", password="one-time-secret")
    assert (answer.status_code, answer.content) == (422, b"")


async def test_a_token_without_its_cookie_is_refused(client, operators):
    token = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/sign-in")).text)
    assert token
    client.cookies.clear()
    fields = {"name": "ada", "password": "one-time-secret", "csrf": token[1]}
    assert (await client.post("/sign-in", data=fields)).status_code == 403
    assert not operators.sessions


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        (PASSWORD, PASSWORD + "x", "Les deux saisies diffèrent."),
        ("one-time-secret", "one-time-secret", "Ce mot de passe n’est pas accepté."),
        ("short", "short", "Ce mot de passe n’est pas accepté."),
    ],
)
async def test_a_new_password_that_will_not_do_is_refused_on_the_form(
    client, operators, password, again, says
):
    await form(client, "/sign-in", name="ada", password="one-time-secret")
    answer = await form(client, "/password", password=password, again=again)
    assert answer.status_code == 422
    assert says in answer.text
    assert operators.passwords["ada"] == "one-time-secret"


async def test_signing_out_ends_the_session_and_asks_for_the_token_too(client, operators):
    await signed_in(client)
    answer = await client.post("/sign-out", data={"csrf": "nonsense"})
    assert answer.headers["location"] == "/"
    assert operators.sessions
    page = await client.get("/")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token
    answer = await client.post("/sign-out", data={"csrf": token[1]})
    assert answer.headers["location"] == "/sign-in"
    assert not operators.sessions
    assert (await client.get("/")).headers["location"] == "/sign-in"


async def test_an_actor_without_the_right_to_counts_sees_nothing(client, operators):
    await signed_in(client)
    operators.scopes = frozenset({"people:read"})
    refused = await client.get("/?lang=en")
    assert refused.status_code == 403
    assert "This page is not for you" in refused.text
    assert "Cette page n’est pas pour vous" in (await client.get("/?lang=fr")).text
    assert (await client.get("/stream")).status_code == 401


async def test_cookies_are_kept_from_scripts_and_from_other_sites(client):
    await client.get("/sign-in")
    answer = await form(client, "/sign-in", name="ada", password="one-time-secret")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie


async def test_cookies_are_secure_over_https(client):
    answer = await client.get("https://totem.test/sign-in")
    assert all("secure" in cookie.lower() for cookie in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize("path", ["/", "/sign-in", "/stream", "/static/totem.css", "/static/none"])
async def test_every_answer_carries_the_strict_policy(client, path):
    headers = (await client.get(path)).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_pages_are_not_kept_and_files_are_kept_for_good(client):
    page = await (await signed_in(client)).get("/")
    assert page.headers["cache-control"] == "no-store"
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)):
        answer = await client.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("name", ["..%2froutes.py", "vendor/README.md", "", "totem.css/", "%00"])
async def test_only_listed_files_are_served(client, name):
    assert (await client.get(f"/static/{name}")).status_code == 404


async def test_the_language_is_the_browser_s_until_another_is_chosen(client):
    english = {"accept-language": "en"}
    assert "Sign in" in (await client.get("/sign-in", headers=english)).text
    client.cookies.clear()
    assert "Connexion" in (await client.get("/sign-in", headers={"accept-language": "fr"})).text
    assert "Connexion" in (await client.get("/sign-in?lang=fr", headers=english)).text
    assert "Connexion" in (await client.get("/sign-in", headers=english)).text
    assert (await client.get("/sign-in?lang=xx")).status_code == 422


async def test_the_page_shows_every_level_and_follows_its_own_stream(client, building):
    page = await (await signed_in(client)).get("/?lang=en")
    assert '<html lang="en">' in page.text
    assert 'sse-connect="/stream?lang=en&after=' in page.text
    for level in ("b23-0", "b23-1", "b23-2", "b24-0"):
        assert f'id="plan-title-{level}"' in page.text
        assert f'id="total:{level}"' in page.text
    assert page.text.count('class="space step-') == len(building.leaves())


@pytest.mark.parametrize(
    ("asked", "is_small"), [("gzip, br", True), ("identity", False), ("gzip;q=0", False)]
)
async def test_pages_and_files_are_small_on_the_line_for_browsers_that_take_it(client, asked, is_small):
    await signed_in(client)
    for path in ("/?lang=en", "/static/vendor/htmx.min.js"):
        async with client.stream("GET", path, headers={"accept-encoding": asked}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert (answer.headers.get("content-encoding") == "gzip") is is_small
        assert answer.headers["vary"] == "accept-encoding"
        plain = gzip.decompress(raw) if is_small else raw
        assert plain.startswith((b"<!doctype html>", b"var htmx="))
        assert len(raw) == int(answer.headers["content-length"])
        assert len(raw) < len(plain) / 2 or not is_small
