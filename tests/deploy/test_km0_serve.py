"""The shipped settings of a server, on a machine of its own and in containers, as `totem serve` reads them."""

import re
from pathlib import Path

from access.settings import load, load_hosts, load_site

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "deploy" / "km0" / "serve.toml"
CONTAINERS = (ROOT / "deploy" / "compose.yaml").read_text()
UNIT = (ROOT / "deploy" / "systemd" / "totem-serve.service").read_text()


def test_the_sample_is_read_and_names_building_and_wiring_that_fit() -> None:
    settings = load(SAMPLE, {"TOTEM_POLICY": str(ROOT / "policies" / "km0")})
    building = load_site(settings).building
    assert settings.hosts is not None
    wired = load_hosts(ROOT / Path(settings.hosts).relative_to("/opt/totem"))
    assert {door for host in wired.values() for door in host.doors} == set(building.doors)


def test_every_secret_of_the_sample_is_one_that_the_unit_hands_on() -> None:
    settings = load(SAMPLE, {})
    handed = {
        f"/run/credentials/totem-serve.service/{name}"
        for name in re.findall(r"LoadCredential=([a-z-]+):", UNIT)
    }
    assert {settings.database_password_file, settings.signing_key, settings.bus.password_file} == handed


def test_containers_find_each_other_and_their_secrets_and_can_be_reached() -> None:
    environment = dict(re.findall(r"^ +(TOTEM_\w+): (\S+)$", CONTAINERS, flags=re.MULTILINE))
    settings = load(SAMPLE, environment)
    assert (settings.host, settings.bus.host) == ("0.0.0.0", "mosquitto")  # noqa: S104  (published on loopback)
    assert settings.database is not None
    assert settings.database.endswith("@postgres/totem")
    for secret in (settings.database_password_file, settings.signing_key, settings.bus.password_file):
        assert re.fullmatch(r"/run/secrets/(database-password|signing-key|mqtt-password)", secret or "")
