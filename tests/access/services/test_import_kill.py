"""kill -9 while importing: all of a file or nothing of it, and the doors get what the database has."""

import os
import random
import signal
import subprocess
import sys

import pytest

from access.services import open_services
from access.services.organisations import OrganisationRecord
from access.store import people
from access.store.check import check
from policies.ids import OrganisationId
from tests.small_site import BUILDING, NOON, POLICY, SCOPES
from tests.soak import soaked

KILLS = soaked(3, 30)
ROWS = 600  # two pieces


@pytest.mark.soak
@pytest.mark.parametrize("seed", [3])
def test_a_killed_import_leaves_all_or_nothing(database_url, tmp_path, seed):
    url, key, draw = database_url, tmp_path / "site.key", random.Random(seed)
    services = open_services(url, BUILDING, POLICY, SCOPES, key)
    services.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acme")], "test", NOON)
    command = [sys.executable, "-m", "tests.access.services.import_victims", url, str(key)]
    finished = set()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as victims:
        assert victims.stdin
        assert victims.stdout
        for run in range(KILLS):
            rows = "".join(f"{run}-{number},Somebody,student,acme\n" for number in range(ROWS))
            file = tmp_path / f"{run}.csv"
            file.write_text(f"external_id,name,type,organisation\n{rows}")
            print(file, file=victims.stdin, flush=True)
            pid, pieces = int(victims.stdout.readline().split()[1]), draw.randint(0, 3)
            for number, line in enumerate(victims.stdout, 1):
                if line == "dead\n":
                    break
                if line == "done\n":
                    finished.add(run)
                if number == pieces:
                    os.kill(pid, signal.SIGKILL)
        victims.stdin.close()
    for run in range(KILLS):
        with services.database.reading() as session:
            found = people.by_external(session, (f"{run}-{number}" for number in range(ROWS)))
        assert len(found) in ({ROWS} if run in finished else {0, ROWS})
    assert list(check(services.database)) == []
    with services.database.reading() as session:
        known = {person.id for person in people.everyone(session)}
    assert set(services.publisher.roster().people) == known
    assert len(services.imports.page()) == len(known) / ROWS
    services.close()
