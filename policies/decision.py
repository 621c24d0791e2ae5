"""The answer at a door: an effect, one reason, the rules that determined it. Never a bool.

Reasons carry the ASHRAE 135 `BACnetAccessEvent` names; our own names stand where the standard has none.
The sentences are for the person at the door.
"""

from enum import Enum

import msgspec

from policies.ids import DoorId, PersonId, RuleId, SpaceId


class Effect(Enum):
    """What becomes of a tap; `pending` waits for a PIN or a second person."""

    GRANT = "grant"
    DENY = "deny"
    PENDING = "pending"


class Reason(Enum):
    """Why: a closed table."""

    GRANTED = "granted"
    UNKNOWN_CREDENTIAL = "denied-unknown-credential"
    CREDENTIAL_UNASSIGNED = "denied-credential-unassigned"
    AUTHENTICATION_FACTOR_ERROR = "denied-authentication-factor-error"
    CREDENTIAL_NOT_YET_ACTIVE = "denied-credential-not-yet-active"
    CREDENTIAL_EXPIRED = "denied-credential-expired"
    CREDENTIAL_MANUAL_DISABLE = "denied-credential-manual-disable"
    CREDENTIAL_DISABLED = "denied-credential-disabled"
    CREDENTIAL_INACTIVITY = "denied-credential-inactivity"
    CREDENTIAL_MAX_USES = "denied-credential-max-uses"
    FACTOR_LOST = "denied-authentication-factor-lost"
    FACTOR_STOLEN = "denied-authentication-factor-stolen"
    FACTOR_DAMAGED = "denied-authentication-factor-damaged"
    PERSON_SUSPENDED = "denied-person-suspended"
    PERSON_EXPIRED = "denied-person-expired"
    THREAT_LEVEL = "denied-threat-level"
    DENY_ALL = "denied-deny-all"
    FORBIDDEN = "denied-forbidden"
    NO_ACCESS_RIGHTS = "denied-zone-no-access-rights"
    OUT_OF_TIME_RANGE = "denied-out-of-time-range"
    NOT_CERTIFIED = "denied-not-certified"
    PROOF_TOO_WEAK = "denied-proof-too-weak"
    INCORRECT_FACTOR = "denied-incorrect-authentication-factor"
    MAX_ATTEMPTS = "denied-max-attempts"
    LOCKOUT = "denied-lockout"
    NO_ACCOMPANIMENT = "denied-no-accompaniment"
    INCORRECT_ACCOMPANIMENT = "denied-incorrect-accompaniment"
    PASSBACK = "denied-passback"
    UPPER_OCCUPANCY_LIMIT = "denied-upper-occupancy-limit"
    VERIFICATION_REQUIRED = "verification-required"
    AUTHORIZATION_DELAYED = "authorization-delayed"
    VERIFICATION_TIMEOUT = "denied-verification-timeout"
    STALE_RIGHTS = "denied-stale-rights"
    OTHER = "denied-other"


class Flag(Enum):
    """What a grant must not hide: it would have been refused inwards, or was decided without the site's view."""

    REFUSED_INWARDS = "refused-inwards"
    PASSBACK = "passback"
    DEGRADED = "degraded"
    DURESS = "duress"


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What `decide` answers.

    `rules` are the ids that determined it, in the policy's order. `person`, `door` and `space` (the one that would
    be reached) are None where the tap did not lead to one. `inwards` is the reason that an entry at the same door
    would have been refused with, where `flags` has `refused-inwards`.
    """

    effect: Effect
    reason: Reason
    rules: tuple[RuleId, ...] = ()
    person: PersonId | None = None
    door: DoorId | None = None
    space: SpaceId | None = None
    flags: tuple[Flag, ...] = ()
    inwards: Reason | None = None

    @property
    def grants(self) -> bool:
        """Return whether the door may be released."""
        return self.effect is Effect.GRANT


class Message(msgspec.Struct, frozen=True, gc=False):
    """One sentence for the person at the door, in French and in English."""

    fr: str
    en: str


def message(reason: Reason) -> Message:
    """Return the sentence for the person at the door."""
    return _MESSAGES[reason]


_MESSAGES = {
    Reason.GRANTED: Message("Passez.", "Go ahead."),
    Reason.UNKNOWN_CREDENTIAL: Message("Badge inconnu.", "This badge is not known here."),
    Reason.CREDENTIAL_UNASSIGNED: Message(
        "Ce badge n'est attribué à personne.", "This badge belongs to nobody."
    ),
    Reason.AUTHENTICATION_FACTOR_ERROR: Message(
        "Badge illisible : présentez-le à nouveau.", "The badge could not be read: hold it there again."
    ),
    Reason.CREDENTIAL_NOT_YET_ACTIVE: Message(
        "Ce badge n'est pas encore actif.", "This badge is not active yet."
    ),
    Reason.CREDENTIAL_EXPIRED: Message("Ce badge a expiré.", "This badge has expired."),
    Reason.CREDENTIAL_MANUAL_DISABLE: Message("Ce badge est suspendu.", "This badge is suspended."),
    Reason.CREDENTIAL_DISABLED: Message("Ce badge a été retiré.", "This badge has been withdrawn."),
    Reason.CREDENTIAL_INACTIVITY: Message(
        "Ce badge est resté trop longtemps sans servir.", "This badge has gone unused for too long."
    ),
    Reason.CREDENTIAL_MAX_USES: Message("Ce badge n'a plus d'entrées.", "This badge has no entries left."),
    Reason.FACTOR_LOST: Message("Ce badge a été déclaré perdu.", "This badge was reported lost."),
    Reason.FACTOR_STOLEN: Message("Ce badge a été déclaré volé.", "This badge was reported stolen."),
    Reason.FACTOR_DAMAGED: Message("Ce badge a été déclaré abîmé.", "This badge was reported damaged."),
    Reason.PERSON_SUSPENDED: Message("Vos droits sont suspendus.", "Your rights are suspended."),
    Reason.PERSON_EXPIRED: Message("Vos droits ne sont pas en cours.", "Your rights are not in force today."),
    Reason.THREAT_LEVEL: Message("Confinement en cours : entrée fermée.", "Lockdown: nobody enters now."),
    Reason.DENY_ALL: Message("Cette porte est verrouillée.", "This door is locked to everyone."),
    Reason.FORBIDDEN: Message(
        "Une règle du bâtiment interdit ce passage.", "A rule of the building forbids this."
    ),
    Reason.NO_ACCESS_RIGHTS: Message(
        "Vous n'avez pas accès à cet espace.", "You have no access to this space."
    ),
    Reason.OUT_OF_TIME_RANGE: Message("Pas à cette heure-ci.", "Not at this hour."),
    Reason.NOT_CERTIFIED: Message(
        "Il vous faut la formation requise ici.", "You need the training required here."
    ),
    Reason.PROOF_TOO_WEAK: Message(
        "Cette porte demande un badge sécurisé.", "This door asks for a secure badge."
    ),
    Reason.INCORRECT_FACTOR: Message("Code incorrect.", "Wrong PIN."),
    Reason.MAX_ATTEMPTS: Message("Trop de codes incorrects.", "Too many wrong PINs."),
    Reason.LOCKOUT: Message(
        "Bloqué pour un moment après trop d'essais.", "Locked for a while after too many tries."
    ),
    Reason.NO_ACCOMPANIMENT: Message("Il vous faut un accompagnant.", "You need somebody with you."),
    Reason.INCORRECT_ACCOMPANIMENT: Message(
        "Cet accompagnant ne peut pas vous faire entrer.", "This companion cannot bring you in."
    ),
    Reason.PASSBACK: Message("Ce badge est déjà à l'intérieur.", "This badge is already inside."),
    Reason.UPPER_OCCUPANCY_LIMIT: Message("L'espace est complet.", "The space is full."),
    Reason.VERIFICATION_REQUIRED: Message("Tapez votre code.", "Enter your PIN."),
    Reason.AUTHORIZATION_DELAYED: Message(
        "En attente de la deuxième personne.", "Waiting for the second person."
    ),
    Reason.VERIFICATION_TIMEOUT: Message("Délai dépassé : recommencez.", "Too slow: please try again."),
    Reason.STALE_RIGHTS: Message(
        "Cette porte attend ses droits à jour.", "This door is waiting for up-to-date rights."
    ),
    Reason.OTHER: Message(
        "Refus technique : prévenez l'accueil.", "Technical refusal: please tell reception."
    ),
}
