"""The whole line on real parts: a card behind pcscd, `totem reader`, Mosquitto, `totem serve`, the page in Chromium.

Every program runs as a process of its own, as at a real site; the strike and its leaf alone are emulated.
"""

import asyncio
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from playwright.sync_api import Page, expect, sync_playwright

from tests.mosquitto import Mosquitto
from tests.pcscd import FIRST_READER, FIRST_SLOT, Pcscd

TOTEM = (sys.executable, "-c", "import sys; from access.cli import main; sys.exit(main())")
UID = "04a1b2c3d4e5f6"
PASSWORD = "correct horse battery staple"
WEB_PORT = 8000
ADDRESS = f"http://127.0.0.1:{WEB_PORT}"
PATIENCE_S = 30.0
AGORA = '[data-space="agora"] .room-count'
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")


class Site:
    """The processes of one site over one folder."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.folder = folder
        self._broker = broker
        self._running: list[subprocess.Popen[str]] = []

    def write_settings(self) -> None:
        bus = f'[bus]\nhost = "127.0.0.1"\nport = {self._broker.port}\n'
        (self.folder / "hosts.toml").write_text('[hosts.desk]\ndoors = ["agora"]\n', "utf-8")
        (self.folder / "serve.toml").write_text(
            f'hosts = "{self.folder}/hosts.toml"\ndata = "{self.folder}/data"\nport = {WEB_PORT}\n{bus}',
            "utf-8",
        )
        (self.folder / "reader.toml").write_text(
            f'site = "km0"\nsource = "desk"\nstate = "{self.folder}/desk"\nsite_key = "{self.folder}/site.pub"\n{bus}'
            f'[[reader]]\nid = "agora-in"\ntransport = "pcsc"\ndevice = "{FIRST_READER}"\n'
            '[[door]]\nid = "agora"\nhardware = "emulated"\n',
            "utf-8",
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `totem WORDS`; its log goes to a file that a failure shows."""
        with (self.folder / f"{words[0]}.log").open("a") as log:
            process = subprocess.Popen([*TOTEM, *words], stdout=subprocess.PIPE, stderr=log, text=True)
        self._running.append(process)
        return process

    def publish_key(self) -> None:
        """Give the door computer the public half of the site's key."""
        key = load_pem_private_key((self.folder / "data" / "site.key").read_bytes(), None)
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.folder / "site.pub").write_bytes(pem)

    def stop(self) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            process.communicate(timeout=PATIENCE_S)
        for log in sorted(self.folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()}")


def until(happened: Callable[[], bool], what: str) -> None:
    """Wait for another process, with a deadline."""
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, f"it did not come to {what} within {PATIENCE_S} s"
        time.sleep(0.02)


def answers(path: str) -> bool:
    try:
        return httpx.get(ADDRESS + path).status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def post(path: str, key: str, body: dict[str, object]) -> None:
    answer = httpx.post(ADDRESS + path, json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == HTTPStatus.CREATED, answer.text


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    broker = Mosquitto(tmp_path)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(broker.start())
    running = Site(tmp_path, broker)
    running.write_settings()
    with Pcscd():
        yield running
        running.stop()
    loop.run_until_complete(broker.stop())
    loop.close()


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM, *QUIET])
        yield browser.new_page(locale="en-GB")
        browser.close()


def sign_in(page: Page, one_time: str) -> None:
    """Sign in with the one-time password and choose one for good."""
    page.goto(ADDRESS + "/sign-in?lang=en")
    page.fill("[name=name]", "admin")
    page.fill("[name=password]", one_time)
    page.press("[name=password]", "Enter")
    page.fill("[name=again]", PASSWORD)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=again]", "Enter")
    expect(page.locator("html")).to_have_attribute("data-stream", "live", timeout=PATIENCE_S * 1000)


def show_card(uid: str, while_there: Callable[[], None]) -> None:
    """Hold a card to the real reader, from a process of its own, while something is waited for."""
    command = [*TOTEM, "emulate", "card", "uid", "--id", uid, "--vpcd", f"127.0.0.1:{FIRST_SLOT}"]
    card = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        while_there()
    finally:
        card.terminate()
        card.communicate(timeout=PATIENCE_S)


def decisions(folder: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(folder / "data" / "totem.db") as database:
        query = "SELECT effect, reason FROM events WHERE type = 'decision' ORDER BY at"
        return list(database.execute(query))


def test_a_real_card_at_a_real_reader_moves_the_count_on_the_page(site: Site, page: Page) -> None:
    serve = site.start("serve", "--config", f"{site.folder}/serve.toml")
    assert serve.stdout
    one_time = serve.stdout.readline().rsplit(" ", 1)[1].strip()
    until(lambda: answers("/healthz"), "the server's answer")
    settings = ("--config", f"{site.folder}/serve.toml")
    scopes = ("--scope", "people:write", "badges:write")
    made = subprocess.run(
        [*TOTEM, "admin", *settings, "key", "create", "journey", *scopes],
        check=True,
        capture_output=True,
        text=True,
    )
    key = made.stdout.strip()
    post("/v1/people", key, {"id": "ada", "name": "Ada", "type": "security", "tiers": ["security"]})
    post("/v1/badges", key, {"id": UID, "kind": "uid", "person": "ada"})

    site.publish_key()
    site.start("reader", "--config", f"{site.folder}/reader.toml")
    until(lambda: b'"ada"' in kept_snapshot(site.folder), "a snapshot with Ada at the door")
    sign_in(page, one_time)
    page.evaluate("window.stillTheSamePage = true")
    expect(page.locator(AGORA)).to_have_text(re.compile("^0 "))

    show_card(
        UID, lambda: expect(page.locator(AGORA)).to_have_text(re.compile("^1 "), timeout=PATIENCE_S * 1000)
    )
    assert page.evaluate("window.stillTheSamePage")
    expect(page.locator(".feed li").first).to_contain_text("granted")

    stranger = "04000000000001"
    refused = page.locator(".feed li").first
    show_card(stranger, lambda: expect(refused).to_contain_text("refused", timeout=PATIENCE_S * 1000))
    expect(page.locator(AGORA)).to_have_text(re.compile("^1 "))
    assert decisions(site.folder) == [("grant", "granted"), ("deny", "denied-unknown-credential")]
    journal = next((site.folder / "desk" / "journal").glob("*.journal"))
    subprocess.run([*TOTEM, "journal", "verify", str(journal)], check=True, capture_output=True)


def kept_snapshot(folder: Path) -> bytes:
    kept = folder / "desk" / "snapshot"
    return kept.read_bytes() if kept.exists() else b""
