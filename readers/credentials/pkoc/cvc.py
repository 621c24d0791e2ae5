"""PKOC-CVC: the certificate by which an issuer vouches for a card's key (PKOC Core Specification 2.0.1, section 5).

The signature is over the whole body element. It carries no algorithm: the issuer's key says it; P-256 here. What is in
it beyond the elements named here is signed and not looked at.
"""

from datetime import date

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from readers.credentials.pkoc import tlv
from readers.credentials.pkoc.signature import POINT, is_signed, sign

CERTIFICATE, BODY, SIGNATURE = 0x7F21, 0x7F4E, 0x5F37
PROFILE, ISSUER, PUBLIC_KEY, SUBJECT, VALID_FROM, VALID_UNTIL = 0x5F29, 0x42, 0x7F49, 0x5F20, 0x5F25, 0x5F24
OID, EC_POINT = 0x06, 0x86
P256 = bytes.fromhex("2a8648ce3d030107")
PROFILE_1 = b"\x00"
REFERENCE = 16
_DATE = 6
_CENTURY = 2000
_DIGIT = 10


class Certificate(msgspec.Struct, frozen=True):
    """What an issuer says: the key `point` is `subject`'s from the one day to the other, both included."""

    issuer: bytes
    subject: bytes
    point: bytes
    valid_from: date
    valid_until: date
    body: bytes
    signature: bytes

    def is_by(self, issuer_point: bytes) -> bool:
        """Return whether the holder of this public key signed it."""
        return is_signed(issuer_point, self.body, self.signature)

    def is_valid_on(self, day: date) -> bool:
        """Return whether it is in force."""
        return self.valid_from <= day <= self.valid_until


def parse_certificate(data: bytes) -> Certificate | None:
    """Read a certificate for a P-256 key; None where it is anything else."""
    outer = tlv.parse(data)
    if outer is None or len(outer) != 1 or outer[0].tag != CERTIFICATE:
        return None
    inner = tlv.parse(outer[0].value)
    if inner is None or [element.tag for element in inner] != [BODY, SIGNATURE]:
        return None
    fields = tlv.values(inner[0].value)
    key = None if fields is None else tlv.values(fields.get(PUBLIC_KEY, b""))
    if not fields or not key or fields.get(PROFILE) != PROFILE_1 or key.get(OID) != P256:
        return None
    return _certificate(fields, key.get(EC_POINT, b""), inner[0].raw, inner[1].value)


def _certificate(fields: dict[int, bytes], point: bytes, body: bytes, signature: bytes) -> Certificate | None:
    issuer, subject = fields.get(ISSUER, b""), fields.get(SUBJECT, b"")
    since, until = (parse_date(fields.get(tag, b"")) for tag in (VALID_FROM, VALID_UNTIL))
    is_whole = len(issuer) == len(subject) == REFERENCE and len(point) == POINT
    if not is_whole or since is None or until is None:
        return None
    return Certificate(issuer, subject, point, since, until, body, signature)


def parse_date(digits: bytes) -> date | None:
    """Read year, month and day, two digits each, a digit a byte; None for what is no day."""
    if len(digits) != _DATE or any(digit >= _DIGIT for digit in digits):
        return None
    year, month, day = (digits[at] * _DIGIT + digits[at + 1] for at in (0, 2, 4))
    try:
        return date(_CENTURY + year, month, day)
    except ValueError:
        return None


def encode_date(day: date) -> bytes:
    """Write a day of this century as `parse_date` reads it."""
    return bytes(int(digit) for digit in f"{day:%y%m%d}")


def issue(
    issuer: str, key: EllipticCurvePrivateKey, subject: str, point: bytes, since: date, until: date
) -> bytes:
    """Return a certificate for a card's key, signed by an issuer."""
    public_key = tlv.encode(OID, P256) + tlv.encode(EC_POINT, point)
    fields = (
        (PROFILE, PROFILE_1),
        (ISSUER, issuer.encode("ascii")),
        (PUBLIC_KEY, public_key),
        (SUBJECT, subject.encode("ascii")),
        (VALID_FROM, encode_date(since)),
        (VALID_UNTIL, encode_date(until)),
    )
    body = tlv.encode(BODY, b"".join(tlv.encode(tag, value) for tag, value in fields))
    return tlv.encode(CERTIFICATE, body + tlv.encode(SIGNATURE, sign(key, body)))
