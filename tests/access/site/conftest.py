import pytest

from access.api import create_app
from access.authorize.authorizer import Authorizer
from access.services.badges import BadgeRecord
from access.services.keyring import KeyRing
from policies.ids import BadgeId, SourceId
from policies.roster import BadgeKind
from readers.journal import Durability, FileJournal
from tests.access.site.kept_line import ADA, Counted
from tests.small_site import NOON


@pytest.fixture(params=Durability)
def site(request, services, tmp_path):
    services.people.add([ADA], "test", NOON)
    services.badges.add([BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, ADA.id)], "test", NOON)
    secret = services.keys.create("controller", ("reader:front",), "test", NOON)
    journal = FileJournal(tmp_path / "journal", SourceId("authorizer-1"), lambda: NOON, request.param)
    authorizer = Authorizer(services, journal)
    ring = KeyRing(services.database)
    app = create_app(services, lambda: NOON, authorizer, lambda: True)
    yield Counted(app, services.building, authorizer, ring, lambda: NOON), secret, services, ring
    authorizer.close()
    journal.close()
