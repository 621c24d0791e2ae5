"""A site whose desk knows Ada and Bob, her badge and one to lend, and a training that a room asks for."""

from datetime import timedelta

import msgspec

from access.services.badges import BadgeRecord
from access.services.grants import GrantRecord
from access.services.ingest import Batch
from access.services.people import PersonRecord
from access.services.visits import VisitRecord
from access.store import audit
from policies.decision import Effect, Reason
from policies.ids import BadgeId, CertificationId, DoorId, GrantId, PersonId, RuleId, SpaceId, TierId
from policies.policy import Rule, RuleEffect
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, seal
from tests.small_site import EDGE, NOON, POLICY

ADA = PersonRecord(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada")
BOB = PersonRecord(PersonId("bob"), ResidentType.STAFF, name="Bob")
BADGE = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, ADA.id)
DESK = BadgeRecord(BadgeId("04000001"), BadgeKind.UID, None, BadgeStatus.ISSUED)
LASER = CertificationId("laser")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TRAINED = msgspec.structs.replace(
    POLICY,
    rules=(
        *POLICY.rules,
        Rule(RuleId("laser"), RuleEffect.PERMIT, spaces=(SpaceId("room"),), certifications=(LASER,)),
    ),
)


def known(site):
    return site.publisher.roster()


def entries(site):
    with site.database.reading() as session:
        return [(entry.action, entry.subject) for entry in audit.page(session, 0, 1000)]


def grant(**more):
    fields = {"doors": (DoorId("room"),), "person": BOB.id, "reason": "repair of the lamp"} | more
    return GrantRecord(GrantId("g1"), NOON, NOON + DAY, **fields)


def visit(**more):
    fields = {"doors": (DoorId("room"),), "host": ADA.id} | more
    host = fields.pop("host")
    return VisitRecord("v1", PersonId("v-eve"), host, NOON, NOON + 8 * HOUR, **fields)


def decisions(*drafts):
    lines, prev = [], GENESIS
    for seq, draft in enumerate(drafts, FIRST_SEQ):
        sealed = seal(draft, EDGE, 1, seq, prev, "salt")
        lines.append(sealed.line)
        prev = sealed.digest
    return Batch(EDGE, b"\n".join(lines))


def tap(at, badge=BADGE.id, effect=Effect.GRANT, rules=(), inwards=None):
    return Draft(
        at,
        EventType.DECISION,
        DoorId("front"),
        effect=effect,
        reason=Reason.GRANTED if effect is Effect.GRANT else Reason.FORBIDDEN,
        rules=tuple(map(RuleId, rules)),
        inwards=inwards,
        badge=badge,
    )
