"""The interface keeps to its own description, whatever is sent and by whoever: no fault, no answer that it does not tell of.

Schemathesis makes the requests, right and wrong ones, from the description alone; a secret of another organisation
stands in the database and must never be in an answer for those whose rights end before it.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import SCOPES, Reach, Role
from policies.ids import OrganisationId, PersonId
from policies.roster import ResidentType
from tests.asgi_client import Client
from tests.small_site import NOON
from tests.soak import soaked

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = soaked(40, 2_000)
ACME, ZETA = OrganisationId("acme"), OrganisationId("zeta")
MARK = "Someone Else’s"
ACTORS = [*((role, Reach()) for role in Role), (Role.MANAGER, Reach(ACME))]


@pytest.fixture
def site(services):
    services.organisations.add(
        [OrganisationRecord(ACME, "Acme"), OrganisationRecord(ZETA, MARK)], "test", NOON
    )
    people = [
        PersonRecord(PersonId("0"), ResidentType.STUDENT, ZETA, name=MARK, external_id=MARK),
        PersonRecord(PersonId("1"), ResidentType.STUDENT, ACME, name="Ada"),
    ]
    services.people.add(people, "test", NOON)
    return services


@pytest.mark.parametrize(("role", "reach"), ACTORS)
def test_whatever_is_sent_the_answer_is_one_that_the_description_tells_of(app, site, role, reach):
    scopes = SCOPES[role] if reach.is_everywhere else SCOPES[role] & site_scopes(reach)
    secret = site.keys.create("fuzz", tuple(s.value for s in scopes), "test", NOON, None, reach.organisation)
    client = Client(app, {"Authorization": f"Bearer {secret}"})
    described = schemathesis.openapi.from_dict(app.openapi())
    cases = st.one_of([found.ok().as_strategy() for found in described.get_all_operations()])

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(case=cases)
    def fuzz(case):
        sent = case.as_transport_kwargs(base_url="http://totem.test")
        sent = {name: value for name, value in sent.items() if value is not None and name != "cookies"}
        content = sent.pop("data", None)
        answer = client.request(sent.pop("method"), sent.pop("url"), content=content, **sent)
        assert answer.status_code < 500, answer.text
        case.validate_response(answer, checks=CHECKS)
        if not reach.is_everywhere:
            assert MARK not in answer.text

    fuzz()


def site_scopes(reach):
    from access.services.rights import Scope, scopes_of

    return {Scope(word) for word in scopes_of(Role.MANAGER, reach)}
