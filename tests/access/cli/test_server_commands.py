"""`totem db`, `totem admin` and `totem serve` as somebody types them."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from access.cli import main
from access.services.people import PersonRecord
from access.settings import load
from access.site.server import open_site
from policies.ids import PersonId
from policies.roster import ResidentType
from tests.programs import free_port
from tests.small_site import NOON

_TOTEM = "import sys; from access.cli import main; sys.exit(main())"
HOSTS = '[hosts.edge-1]\ndoors = ["agora"]\n'


@pytest.fixture
def config(tmp_path):
    (tmp_path / "hosts.toml").write_text(HOSTS)
    path = tmp_path / "serve.toml"
    path.write_text(f'data = "{tmp_path}/data"\nhosts = "{tmp_path}/hosts.toml"\n')
    return str(path)


def db(config, *words):
    return main(["db", "--config", config, *words])


def admin(config, *words):
    return main(["admin", "--config", config, *words])


def test_whoever_was_erased_since_a_copy_is_forgotten_again_by_a_list_kept_elsewhere(
    config, tmp_path, capsys
):
    assert db(config, "upgrade") == 0
    place, copy, kept = tmp_path / "data" / "totem.db", tmp_path / "copy", tmp_path / "erased.jsonl"
    ada = PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada")
    with closing(open_site(load(Path(config), {}))) as services:
        services.people.add([ada], "test", NOON)
        assert db(config, "backup", str(copy)) == 0
        services.erasures.erase(PersonId("ada"), "asked", "test", NOON)
    capsys.readouterr()
    assert db(config, "erased") == 0
    kept.write_text(capsys.readouterr().out)
    assert "ada" not in kept.read_text().lower()
    copy.replace(place)  # as PostgreSQL's own tools would: they know of no list
    assert db(config, "purge", "--erased", str(kept)) == 0
    assert "forgotten again: 1 people" in capsys.readouterr().out
    with closing(open_site(load(Path(config), {}))) as services:
        assert services.people.page() == []
    kept.write_text(kept.read_text() + "{}\n")
    assert db(config, "purge", "--erased", str(kept)) == 1
    assert f"{kept}:2: expected a line of `totem db erased`" in capsys.readouterr().err


def test_a_database_of_another_program_is_left_as_it_is(config, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "totem.db")) as theirs, theirs:
        theirs.execute("CREATE TABLE invoices (number)")
    assert db(config, "upgrade") == 1
    assert "has tables of another program's: invoices" in capsys.readouterr().err
    with closing(sqlite3.connect(tmp_path / "data" / "totem.db")) as theirs:
        assert theirs.execute("SELECT name FROM sqlite_master").fetchall() == [("invoices",)]


def test_what_a_damaged_database_says_of_a_command_is_one_line(config, tmp_path, capsys):
    assert db(config, "upgrade") == 0
    with (tmp_path / "data" / "totem.db").open("r+b") as file:
        file.seek(20_000)
        file.write(b"\xff" * 8_000)
    assert db(config, "purge") == 1
    assert capsys.readouterr().err == "totem db: the database: database disk image is malformed\n"


def test_a_database_is_made_checked_copied_and_brought_back(config, tmp_path, capsys):
    data = tmp_path / "data"
    for look in (["check"], ["backup", str(tmp_path / "copy")]):
        assert db(config, *look) == 1
        assert "there is no such database" in capsys.readouterr().err
        assert not data.exists()
    assert db(config, "upgrade") == 0
    assert data.stat().st_mode & 0o077 == 0
    assert db(config, "check", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == []
    copy = str(tmp_path / "copy")
    assert db(config, "backup", copy) == 0
    assert db(config, "backup", copy) == 1
    assert db(config, "restore", copy) == 0
    assert db(config, "purge") == 0
    assert "nothing is past its time" in capsys.readouterr().out
    Path(copy).write_text("no database")
    assert db(config, "restore", copy) == 1
    assert "not a database" in capsys.readouterr().err


def test_a_copy_into_a_folder_that_is_not_there_is_refused(config, tmp_path, capsys):
    assert db(config, "upgrade") == 0
    capsys.readouterr()
    assert db(config, "backup", str(tmp_path / "nowhere" / "copy")) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("nowhere/copy.part: cannot be written: No such file or directory\n")


def test_no_key_is_made_for_a_server_that_is_not_there(config, tmp_path, capsys):
    assert admin(config, "key", "create", "desk", "--scope", "building:read") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "there is no such database" in said.err
    assert "--config" in said.err
    assert not (tmp_path / "data").exists()


def test_an_operator_is_created_once_with_a_one_time_password(config, capsys):
    assert db(config, "upgrade") == 0
    capsys.readouterr()
    assert admin(config, "create", "grace", "--role", "manager") == 0
    assert len(capsys.readouterr().out.strip()) > 40
    assert admin(config, "create", "grace", "--role", "manager") == 1
    with pytest.raises(SystemExit) as wrong:
        admin(config, "create", "eve", "--role", "wizard")
    assert wrong.value.code == 2


def test_a_key_is_created_with_scopes_that_exist(config, capsys):
    assert db(config, "upgrade") == 0
    capsys.readouterr()
    assert admin(config, "key", "create", "relay", "--scope", "reader:agora", "building:read") == 0
    assert capsys.readouterr().out.startswith("totem_")
    assert admin(config, "key", "create", "relay", "--scope", "reader:no-such-door") == 1


def test_a_key_has_every_scope_that_was_named_by_one_option_or_by_several(config):
    assert db(config, "upgrade") == 0
    scopes = ("--scope", "reader:agora", "--scope", "building:read", "doors:write")
    assert admin(config, "key", "create", "edge-2", *scopes) == 0
    with closing(open_site(load(Path(config), {}))) as site:
        assert set(site.keys.page()[0].scopes) == {"reader:agora", "building:read", "doors:write"}


def test_a_wrong_setting_is_told_with_its_place(tmp_path, capsys):
    path = tmp_path / "serve.toml"
    path.write_text("prot = 1")
    assert main(["serve", "--config", str(path)]) == 1
    assert "prot" in capsys.readouterr().err


def test_an_authorizer_without_settings_is_refused_and_makes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("TOTEM_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["authorizer"]) == 1
    assert "no settings; expected --config FILE, or $TOTEM_CONFIG" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_settings_says_first_where_it_keeps_what(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("TOTEM_CONFIG", raising=False)
    monkeypatch.setenv("TOTEM_HOSTS", "there-is-none.toml")  # ends it before it serves
    monkeypatch.chdir(tmp_path)
    assert main(["serve"]) == 1
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.startswith("No settings file (--config FILE, or $TOTEM_CONFIG)")
    assert f"the database is {tmp_path}/totem-data/totem.db" in first


def test_the_server_serves_without_a_broker_and_stops_in_order(config):
    port = free_port()
    environment = {**os.environ, "TOTEM_PORT": str(port), "TOTEM_BUS__PORT": "1"}
    command = [sys.executable, "-c", _TOTEM, "serve", "--config", config]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        try:
            assert server.stdout is not None
            assert server.stderr is not None
            assert re.search("one-time password: .{40}", server.stdout.readline())
            while " serving " not in server.stderr.readline():
                assert server.poll() is None
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
                assert answer.status == 200
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
                assert answer.url.endswith("/sign-in")
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0
        finally:
            server.kill()


def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path, capsys):
    path = tmp_path / "serve.toml"
    path.write_text(f'data = "{tmp_path}/data"\ndatabase = "postgresql://totem@127.0.0.1:1/totem"\n')
    assert main(["serve", "--config", str(path)]) == 1
    assert db(str(path), "check") == 1
    told = capsys.readouterr().err
    assert told.count("database postgresql+psycopg://totem@127.0.0.1:1/totem:") == 2
    assert "refused" in told


def test_a_restored_copy_forgets_again_whoever_was_erased_since(config, tmp_path, capsys):
    assert db(config, "upgrade") == 0
    services = open_site(load(Path(config), {}))
    try:
        services.people.add([PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada")], "test", NOON)
        assert db(config, "backup", str(tmp_path / "copy")) == 0
        services.erasures.erase(PersonId("ada"), "asked", "test", NOON)
    finally:
        services.close()
    assert db(config, "restore", str(tmp_path / "copy")) == 0
    assert "forgotten again: 1 people" in capsys.readouterr().out
    again = open_site(load(Path(config), {}))
    assert again.people.page() == []
    again.close()


def test_a_damaged_database_is_a_finding_and_is_replaced_only_when_its_erasures_may_be_lost(
    config, tmp_path, capsys
):
    place, copy = tmp_path / "data" / "totem.db", str(tmp_path / "copy")
    assert db(config, "upgrade") == 0
    assert db(config, "backup", copy) == 0
    for damaged in (b"no database at all", place.read_bytes()[: place.stat().st_size // 2]):
        place.write_bytes(damaged)
        capsys.readouterr()
        assert db(config, "check", "--json") == 1
        [finding] = json.loads(capsys.readouterr().out)
        assert finding.startswith(f"database sqlite:///{place}: ")
        assert db(config, "restore", copy) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"totem db: {place}: ")
        assert "restore with --without-erasures if it must be" in said
        assert said.count("\n") == 1
        assert place.read_bytes() == damaged
        assert db(config, "restore", copy, "--without-erasures") == 0
        assert (tmp_path / "data" / "totem.db.set-aside").read_bytes() == damaged
        assert db(config, "check") == 0
        place.write_bytes(damaged)
        assert db(config, "restore", copy, "--without-erasures") == 1, (
            "nothing that was set aside is overwritten"
        )
        for aside in place.parent.glob("*.set-aside*"):
            aside.unlink()


def test_a_database_of_a_newer_program_is_refused_in_a_line(config, tmp_path, capsys):
    assert db(config, "upgrade") == 0
    with closing(sqlite3.connect(tmp_path / "data" / "totem.db")) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    capsys.readouterr()
    for action in ("upgrade", "purge"):
        assert db(config, action) == 1
    assert re.fullmatch(
        r"(totem db: database .*: schema 9999, expected .* or one before: a newer program wrote it; .*\n){2}",
        capsys.readouterr().err,
    )


def test_a_copy_in_place_of_a_damaged_database_forgets_whom_that_still_names(config, tmp_path, capsys):
    place, copy = tmp_path / "data" / "totem.db", str(tmp_path / "copy")
    assert db(config, "upgrade") == 0
    services = open_site(load(Path(config), {}))
    services.people.add([PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada")], "test", NOON)
    assert db(config, "backup", copy) == 0
    services.erasures.erase(PersonId("ada"), "asked", "test", NOON)
    services.close()
    with closing(sqlite3.connect(place)) as other, other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute("DELETE FROM sqlite_master WHERE type = 'index' AND tbl_name = 'events'")
    capsys.readouterr()
    assert db(config, "restore", copy) == 1
    assert db(config, "restore", copy, "--without-erasures") == 0
    assert "forgotten again: 1 people" in capsys.readouterr().out
