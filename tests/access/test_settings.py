"""Settings: a file, the environment over it, and a place in every error."""

import pytest

from access.errors import SettingsError
from access.settings import load, load_hosts, load_site


def written(tmp_path, text):
    path = tmp_path / "serve.toml"
    path.write_text(text)
    return path


def test_without_a_file_everything_has_a_default():
    settings = load(None, {})
    assert (settings.host, settings.port, settings.bus.port) == ("127.0.0.1", 8000, 1883)
    assert settings.database_url == "sqlite:///totem-data/totem.db"


def test_the_environment_goes_over_the_file(tmp_path):
    path = written(tmp_path, 'port = 1\nlog = "json"\n[bus]\nhost = "broker"\nport = 2\n')
    settings = load(path, {"TOTEM_PORT": "8080", "TOTEM_BUS__PORT": "8883", "HOME": "/"})
    assert (settings.port, settings.log, settings.bus.host, settings.bus.port) == (
        8080,
        "json",
        "broker",
        8883,
    )


def test_the_environment_names_the_file(tmp_path):
    assert load(None, {"TOTEM_CONFIG": str(written(tmp_path, "port = 7"))}).port == 7


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("prot = 8000", "prot"),
        ('port = "many"', r"\$\.port"),
        ("[bus]\nhots = 1", "hots"),
        ("port = ", "serve.toml"),
        pytest.param(f"port = {'9' * 5000}", "serve.toml", id="endless"),
        ('log = "loud"', r"\$\.log"),
    ],
)
def test_an_error_has_its_place(tmp_path, text, place):
    with pytest.raises(SettingsError, match=place):
        load(written(tmp_path, text), {})


def test_a_misspelt_variable_is_an_error():
    with pytest.raises(SettingsError, match="TOTEM_PROT"):
        load(None, {"TOTEM_PROT": "1"})


def test_the_database_password_comes_from_a_file(tmp_path):
    secret = tmp_path / "password"
    secret.write_text("p@ss/word\n")
    path = written(
        tmp_path, f'database = "postgresql://totem@localhost/totem"\ndatabase_password_file = "{secret}"'
    )
    assert load(path, {}).database_url == "postgresql://totem:p%40ss%2Fword@localhost/totem"
    with pytest.raises(SettingsError, match="without a password"):
        _ = load(None, {"TOTEM_DATABASE": "postgresql://totem:secret@localhost/totem"}).database_url


def test_hosts_say_which_computer_serves_which_doors(tmp_path):
    path = written(tmp_path, '[hosts.edge-1]\nplace = "cupboard"\ndoors = ["front"]\n')
    assert {name: host.doors for name, host in load_hosts(path).items()} == {"edge-1": ("front",)}
    with pytest.raises(SettingsError, match="doors"):
        load_hosts(written(tmp_path, "[hosts.edge-1]\n"))


def test_the_shipped_building_is_the_default():
    assert load_site(load(None, {})).building.doors


def test_a_policy_that_cannot_be_loaded_says_where(tmp_path):
    with pytest.raises(SettingsError, match=r"building\.toml"):
        load_site(load(None, {"TOTEM_POLICY": str(tmp_path)}))
