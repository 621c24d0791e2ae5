"""Every operation as every role, by the interface's own description: it keeps what it says, whatever is sent."""

import shutil
from contextlib import closing

import pytest
from schemathesis.core.failures import FailureGroup

from access.api import create_app
from access.api.desk import SESSION_COOKIE, csrf_token
from access.api.taps import Taps
from access.authorize.authorizer import Authorizer
from access.services.badges import BadgeFilter
from access.services.grants import GrantFilter
from access.services.keyring import KeyRing
from access.services.rights import EVERYWHERE, Reach, Role, scopes_of
from policies.ids import OrganisationId, PersonId, SourceId, SpaceId
from readers.journal import Durability, FileJournal
from tests.access.api.described import CHECKS, closed, operations_of, requests_to, sharpened
from tests.access.api.inhabited import FOREIGN, inhabited
from tests.access.api.matrix import NEEDS, OPEN, READER, SESSION, SIGNED_IN
from tests.small_site import NOON
from tests.soak import SOAKING, soaked

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("description")]  # so that all share what is drawn

EXAMPLES = soaked(5, 100)
"""How many requests an operation gets from each role."""

LAST = ("DELETE /v1/session", "POST /v1/session/password")
"""What ends the session of whoever asks."""

NEEDED = {operation: right for right, operations in NEEDS.items() for operation in operations}
ACTORS = [
    *((role, EVERYWHERE) for role in Role),
    (Role.MANAGER, Reach(organisation=OrganisationId("acme"))),
    (Role.RECEPTIONIST, Reach(organisation=OrganisationId("acme"))),
    (Role.SECURITY, Reach(space=SpaceId("hall"))),
]


@pytest.fixture
def site(sqlite_url, tmp_path):
    opened = inhabited(sqlite_url, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def authorizer(site, tmp_path):
    journal = FileJournal(tmp_path / "journal", SourceId("authorizer-1"), lambda: NOON, Durability.BUFFERED)
    opened = Authorizer(site, journal)
    yield opened
    opened.close()
    journal.close()


@pytest.fixture
def app(site, authorizer):
    """Return the application. Without a bus nobody waits for doors to answer."""
    return create_app(site, lambda: NOON, authorizer, is_connected=lambda: False)


def signed_in(site, role, reach):
    """Return the headers of an operator's browser."""
    site.operators.create("tess", role, "test", NOON, reach)
    once = site.sessions.admit("tess", NOON)
    token = site.sessions.set_password(once.token, "a good word of tess", NOON).token
    return {"Cookie": f"{SESSION_COOKIE}={token}", "X-CSRF-Token": csrf_token(token)}


def zetas(site):
    """Return everything of Zeta's people as it is."""
    people = [PersonId("zz-zoe"), PersonId("zz-yan")]
    return [
        *(site.people.get(person) for person in people),
        *(badge for person in people for badge in site.badges.page(BadgeFilter(person))),
        *(grant for person in people for grant in site.grants.page(GrantFilter(person))),
        site.visits.get("zz-visit"),
        site.organisations.get(OrganisationId("zeta")),
    ]


def told_of_others(response):
    """Return what an answer tells of Zeta that was not in the question."""
    asked = f"{response.request.url}{response.request.body}{response.request.headers}"
    told = response.text + str(response.headers)
    return [name for name in FOREIGN if name in told and name not in asked]


def faults_of(app, case, plain, headers, reach):
    """Return what is not as described in the answer to a request, a line each."""
    try:
        response = case.call(app=app, headers=headers, timeout=60)
        case.operation = plain
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        return [_line(case, fault, response) for fault in group.exceptions]
    except Exception as fault:  # noqa: BLE001  (whatever the application lets through is a finding)
        return [_line(case, repr(fault))]
    told = told_of_others(response) if reach.organisation else []
    return [_line(case, f"it tells of {told}", response)] if told else []


def _line(case, fault, response=None):
    said = f"{response.status_code} {response.text}" if response is not None else ""
    return " ".join(f"{case.operation.label}: {fault} | {case.as_curl_command()} | {said}".split())[:600]


def where(reach):
    return (
        f"of-{reach.organisation}"
        if reach.organisation
        else f"in-{reach.space}"
        if reach.space
        else "everywhere"
    )


@pytest.fixture(scope="module")
def description(migrated, tmp_path_factory):
    """Return what the interface says of itself: the same for everybody, and working it out takes a while."""
    folder = tmp_path_factory.mktemp("described")
    shutil.copy(migrated, folder / "totem.db")
    with closing(inhabited(f"sqlite:///{folder}/totem.db", folder)) as opened:
        return create_app(opened, lambda: NOON).openapi()


@pytest.fixture(scope="module")
def drawn(description):
    """Return the requests to each operation, none of them drawn yet: drawing them takes longest."""
    return Drawn(description)


class Drawn:
    """Requests to the operations of a description: the same for everybody, in a soak others for each role."""

    def __init__(self, description):
        self._plain, self._sharp = (operations_of(form(description)) for form in (closed, sharpened))
        self._drawn = {}

    def faults_of(self, app, label, headers, reach):
        """Return the faults of an operation of an application that is as described, a line each."""
        if SOAKING or label not in self._drawn:
            self._drawn[label] = requests_to(self._sharp[label], EXAMPLES)
        for case in self._drawn[label]:
            case.operation = self._sharp[label]
            yield from faults_of(app, case, self._plain[label], headers, reach)


def found_by(app, drawn, labels, headers, reach=EVERYWHERE):
    """Return the faults of the operations named."""
    return [
        fault
        for label in sorted(labels, key=lambda label: label in LAST)
        for fault in drawn.faults_of(app, label, headers, reach)
    ]


def expect_none(faults):
    if faults:
        pytest.fail("\n".join(sorted(set(faults))), pytrace=False)


@pytest.mark.parametrize(("role", "reach"), ACTORS, ids=lambda one: getattr(one, "value", None) or where(one))
def test_what_the_description_says_holds_for_whoever_may(app, site, drawn, role, reach):
    headers, scopes, before = signed_in(site, role, reach), scopes_of(role, reach), zetas(site)
    labels = [label for label, right in NEEDED.items() if right in scopes | {OPEN, SIGNED_IN, SESSION}]
    expect_none(found_by(app, drawn, labels, headers, reach))
    if reach.organisation:
        assert zetas(site) == before


def test_what_the_description_says_holds_for_a_controller_too(app, site, drawn, authorizer):
    secret = site.keys.create("controller", ("reader:front",), "test", NOON)
    front = Taps(app, site.building, authorizer, KeyRing(site.database), lambda: NOON)
    headers = {"Authorization": f"Bearer {secret}"}
    expect_none(found_by(front, drawn, NEEDS[READER], headers))
