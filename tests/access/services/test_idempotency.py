"""POST once: also where it is sent twice in the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

from access.errors import Conflict
from access.services import open_services
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

TIMES, AT_ONCE = 5, 4


def test_of_those_who_take_a_key_in_the_same_moment_one_does_and_the_others_are_told(database_url, tmp_path):
    with (
        closing(open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")) as site,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        ready = Barrier(AT_ONCE)

        def take(key):
            ready.wait()
            try:
                return site.idempotency.begin("desk", key, "asked", NOON)
            except Conflict:
                return "told"

        for time in range(TIMES):
            found = list(pool.map(take, [f"k{time}"] * AT_ONCE))
            assert (found.count(None), found.count("told")) == (1, AT_ONCE - 1)
