"""The menu: what somebody may open, and nothing that they would be refused."""

import pytest

from access.dashboard.menu import menu
from access.services.rights import EVERYWHERE, Actor, Reach, Role, scopes_of
from policies.ids import OrganisationId, SpaceId

COMPANY, B23 = Reach(organisation=OrganisationId("acme")), Reach(space=SpaceId("b23"))
COUNTS = ["/", "/history", "/events"]


@pytest.mark.parametrize(
    ("role", "reach", "addresses"),
    [
        (Role.VIEWER, EVERYWHERE, [*COUNTS, "/kiosk"]),
        (Role.RECEPTIONIST, EVERYWHERE, [*COUNTS, "/desk", "/visits", "/kiosk"]),
        (Role.WARDEN, B23, [*COUNTS, "/rollcall", "/kiosk"]),
        (Role.SECURITY, EVERYWHERE, [*COUNTS, "/desk", "/visits", "/rollcall", "/lockdown", "/kiosk"]),
        (Role.RECEPTIONIST, COMPANY, ["/spaces", "/history", "/desk", "/visits"]),
    ],
)
def test_the_menu_holds_what_a_role_may_open_within_its_reach(role: Role, reach: Reach, addresses: list[str]):
    actor = Actor("ada", scopes_of(role, reach), reach=reach)
    assert [one.address for one in menu(actor)] == addresses
