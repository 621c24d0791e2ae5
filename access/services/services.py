"""The use cases of one site as one object, opened over a database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError

from access.errors import SettingsError, TotemError
from access.occupancy.disclosure import Disclosure
from access.occupancy.history import Recorder
from access.occupancy.live import LiveBuilding
from access.services.answers import Answers
from access.services.audit import Audit
from access.services.badges import Badges
from access.services.certifications import Certifications
from access.services.counting import Chronicle, Counting
from access.services.disclosures import Disclosures
from access.services.doors import Doors
from access.services.erasure import Erasures
from access.services.events import Events
from access.services.followers import Followers
from access.services.grants import Grants
from access.services.holds import Holds
from access.services.idempotency import Idempotency
from access.services.imports import Imports
from access.services.ingest import Ingest
from access.services.keys import Keys
from access.services.leaving import Leaving
from access.services.limits import LimitAlerts, stood
from access.services.live import open_live
from access.services.operators import Operators
from access.services.organisations import Organisations
from access.services.outbox import Outbox, RightsChanged
from access.services.own import OwnEvents
from access.services.passwords import Passwords
from access.services.people import People
from access.services.pins import Pins
from access.services.policies import Policies
from access.services.publication import Publisher
from access.services.reception import Reception
from access.services.refusals import Refusals
from access.services.retention import Retention
from access.services.rollcall import RollCall
from access.services.rulebook import Rulebook
from access.services.sessions import Sessions
from access.services.signing import create_key, fingerprint, load_key
from access.services.usage import Usage
from access.services.visits import Visits
from access.services.welcome import Welcome
from access.store import schema, site
from access.store.database import Database, open_database
from policies.building import Building
from policies.ids import DoorId, SourceId
from policies.policy import Policy
from readers.wire.bus import Message
from readers.wire.events import Event


class Services(msgspec.Struct, frozen=True):
    """Everything that can be asked of the server.

    `rights` tells of changes that doors must know, `news` of events, `departures` the name of an operator or key that
    lost rights. `commands` carries what is on its way to doors, `answers` what they say to it.
    """

    building: Building
    rulebook: Rulebook
    policies: Policies
    database: Database
    people: People
    badges: Badges
    certifications: Certifications
    grants: Grants
    visits: Visits
    welcome: Welcome
    leaving: Leaving
    organisations: Organisations
    operators: Operators
    sessions: Sessions
    keys: Keys
    audit: Audit
    retention: Retention
    erasures: Erasures
    holds: Holds
    imports: Imports
    events: Events
    idempotency: Idempotency
    ingest: Ingest
    publisher: Publisher
    followers: Followers
    live: LiveBuilding
    disclosure: Disclosure
    counting: Counting
    disclosures: Disclosures
    chronicle: Chronicle
    limits: LimitAlerts
    rollcall: RollCall
    reception: Reception
    refusals: Refusals
    pins: Pins
    doors: Doors
    answers: Answers
    commands: Outbox[Message]
    rights: Outbox[RightsChanged]
    news: Outbox[Sequence[Event]]
    departures: Outbox[str]

    @property
    def policy(self) -> Policy:
        """Return the rules in force."""
        return self.rulebook.policy

    def is_ready(self) -> bool:
        """Return whether the database answers with the schema that this program works with."""
        try:
            return schema.current(self.database.engine) == schema.newest()
        except (SQLAlchemyError, TotemError):
            return False

    def close(self) -> None:
        """Let the database go."""
        self.database.close()


def open_services(
    store: str | Database,
    building: Building,
    policy: Policy,
    scopes: Mapping[SourceId, Sequence[DoorId]],
    key_path: Path,
    *,
    keeps_history: bool = True,
    files: Mapping[str, str] | None = None,
) -> Services:
    """Open a site: bring its schema up to date, find or make its signing key, and rebuild the live view.

    `scopes` names every source that events are taken from, with the doors that hang on it (none for a source
    without doors, as an authorizer). Without `keeps_history` counts are not written down. `files` are those that the
    policy was read from: with them, what was activated since is in force.
    """
    database = open_database(store) if isinstance(store, str) else store
    schema.upgrade(database.engine)
    key = _settle(database, building, key_path)
    rights, news, departures = Outbox[RightsChanged](), Outbox[Sequence[Event]](), Outbox[str]()
    passwords = Passwords()
    rulebook = Rulebook(policy)
    policies = Policies(database, building, rulebook, rights)
    if files:
        policies.begin(files, datetime.now(UTC))
        policy = rulebook.policy
    recorder = Recorder(building, policy.calendar)
    live = open_live(database, building, policy, recorder if keeps_history else None)
    commands = Outbox[Message]()
    own = OwnEvents(int(datetime.now(UTC).timestamp() * 1000), news)
    news.listen(live.take)
    limits = LimitAlerts(database, live, own, news)
    limits.resume(stood(database))
    erasures = Erasures(database, building.site, rights)
    publisher = Publisher(database, building, rulebook, scopes, key)
    return Services(
        building=building,
        rulebook=rulebook,
        policies=policies,
        database=database,
        people=People(database, building, rulebook, rights),
        badges=Badges(database, rights),
        certifications=Certifications(database, rulebook, rights),
        grants=Grants(database, building, rights),
        visits=Visits(database, building, rights),
        welcome=Welcome(database),
        leaving=Leaving(database, rights, departures),
        organisations=Organisations(database, rulebook),
        operators=Operators(database, building, passwords, departures),
        sessions=Sessions(database, passwords, building.site),
        keys=Keys(database, building, departures),
        audit=Audit(database, building.site, key),
        retention=Retention(database, building, erasures),
        erasures=erasures,
        holds=Holds(database),
        imports=Imports(database, rulebook, rights),
        events=Events(database),
        idempotency=Idempotency(database),
        ingest=Ingest(database, tuple(scopes), Usage(rights)),
        publisher=publisher,
        followers=Followers(publisher),
        live=live,
        disclosure=Disclosure(live),
        counting=Counting(database, building, own),
        disclosures=Disclosures(database, building),
        chronicle=Chronicle(database, building, policy.calendar, live, recorder, own),
        limits=limits,
        reception=Reception(database),
        refusals=Refusals(database, building, rulebook),
        pins=Pins(database, rights),
        doors=Doors(database, building, key, commands),
        answers=Answers(news),
        commands=commands,
        rollcall=RollCall(database, building, live, own),
        rights=rights,
        news=news,
        departures=departures,
    )


def _settle(database: Database, building: Building, key_path: Path) -> Ed25519PrivateKey:
    with database.writing() as session:
        if site.is_settled(session) and not key_path.exists():
            raise SettingsError(f"signing key {key_path}: it is missing, and doors trust no other")
        key = load_key(key_path) if key_path.exists() else create_key(key_path)
        site.settle(session, building.site, fingerprint(key))
    return key
