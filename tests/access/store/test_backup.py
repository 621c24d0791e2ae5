"""A backup is whole or not there; a restore checks before it replaces anything."""

import sqlite3
from contextlib import closing

import pytest

from access.errors import Conflict, Invalid, NotFound
from access.services.people import PersonRecord
from access.store import backup
from policies.ids import PersonId
from policies.roster import ResidentType
from tests.small_site import NOON


def enrol(services, name):
    services.people.add([PersonRecord(PersonId(name), ResidentType.STAFF, name=name)], "test", NOON)


def test_a_restore_brings_back_what_was_there(services, tmp_path):
    enrol(services, "ada")
    backup.back_up(services.database, tmp_path / "copy")
    enrol(services, "eve")
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0  # it holds names
    backup.restore(services.database, tmp_path / "copy")
    assert [person.id for person in services.people.page()] == ["ada"]


def test_a_backup_overwrites_nothing(services, tmp_path):
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(Conflict):
        backup.back_up(services.database, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "mine"


def test_a_damaged_copy_is_refused_and_changes_nothing(services, tmp_path):
    enrol(services, "ada")
    copy = tmp_path / "copy"
    backup.back_up(services.database, copy)
    whole = copy.read_bytes()
    enrol(services, "eve")
    middle = len(whole) // 2
    for damaged in (
        b"",
        b"no database",
        whole[:middle],
        whole[: middle - 2048] + bytes(4096) + whole[middle + 2048 :],
    ):
        copy.write_bytes(damaged)
        with pytest.raises(Invalid):
            backup.restore(services.database, copy)
    assert len(services.people.page()) == 2
    with pytest.raises(NotFound):
        backup.restore(services.database, tmp_path / "nothing")


def test_a_copy_of_a_newer_program_is_refused(services, tmp_path):
    copy = tmp_path / "copy"
    backup.back_up(services.database, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Invalid, match="9999"):
        backup.restore(services.database, copy)


def test_a_restore_over_a_database_that_is_written_to_is_refused_and_does_not_wait_for_ever(
    services, tmp_path
):
    backup.back_up(services.database, tmp_path / "copy")
    enrol(services, "ada")
    with closing(sqlite3.connect(tmp_path / "totem.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Conflict, match="another program uses it"):
            backup.restore(services.database, tmp_path / "copy")
    assert len(services.people.page()) == 1
