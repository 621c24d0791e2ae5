"""The shipped settings of a server and of an authorizer beside it, on a machine of their own and in containers."""

import re
from pathlib import Path

import pytest

from access.settings import load, load_hosts, load_site

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "deploy" / "km0" / "serve.toml"
CONTAINERS = (ROOT / "deploy" / "compose.yaml").read_text()
APART = ROOT / "deploy" / "km0" / "authorizer.toml"
UNITS = ROOT / "deploy" / "systemd"


def test_the_sample_is_read_and_names_building_and_wiring_that_fit() -> None:
    settings = load(SAMPLE, {"TOTEM_POLICY": str(ROOT / "policies" / "km0")})
    building = load_site(settings).building
    assert settings.hosts is not None
    wired = load_hosts(ROOT / Path(settings.hosts).relative_to("/opt/totem"))
    assert {door for host in wired.values() for door in host.doors} == set(building.doors)


def secrets_of(unit: str) -> dict[str, str]:
    """Return where a unit finds each secret that it hands on, by the path that its settings name."""
    handed = re.findall(r"^LoadCredential=([a-z-]+):(\S+)$", (UNITS / unit).read_text(), re.MULTILINE)
    return {f"/run/credentials/{unit}/{name}": path for name, path in handed}


@pytest.mark.parametrize(("sample", "unit"), [(SAMPLE, "totem-serve"), (APART, "totem-authorizer")])
def test_every_secret_of_a_sample_is_one_that_its_unit_hands_on(sample: Path, unit: str) -> None:
    settings, handed = load(sample, {}), set(secrets_of(f"{unit}.service"))
    assert {settings.database_password_file, settings.signing_key, settings.bus.password_file} == handed


def test_an_authorizer_apart_shares_the_site_with_the_server_and_neither_its_place_nor_its_user() -> None:
    server, apart = load(SAMPLE, {}), load(APART, {})
    for setting in ("policy", "hosts", "database", "authorizers"):
        assert getattr(apart, setting) == getattr(server, setting)
    assert apart.bus.username in apart.authorizers
    assert f"user {apart.bus.username}\n" in (ROOT / "deploy" / "mosquitto" / "totem.acl").read_text()
    for setting in ("port", "data"):
        assert getattr(apart, setting) != getattr(server, setting)
    theirs = secrets_of("totem-authorizer.service")[str(apart.bus.password_file)]
    assert theirs not in secrets_of("totem-serve.service").values()
    assert f"> {theirs}" in (ROOT / "deploy" / "README.md").read_text()


def test_containers_find_each_other_and_their_secrets_and_can_be_reached() -> None:
    environment = dict(re.findall(r"^ +(TOTEM_\w+): (\S+)$", CONTAINERS, flags=re.MULTILINE))
    settings = load(SAMPLE, environment)
    assert (settings.host, settings.bus.host) == ("0.0.0.0", "mosquitto")  # noqa: S104  (published on loopback)
    assert settings.database is not None
    assert settings.database.endswith("@postgres/totem")
    for secret in (settings.database_password_file, settings.signing_key, settings.bus.password_file):
        assert re.fullmatch(r"/run/secrets/(database-password|signing-key|mqtt-password)", secret or "")
