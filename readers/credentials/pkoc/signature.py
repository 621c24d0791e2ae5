"""ES256 signatures as PKOC writes them: ECDSA over P-256 with SHA-256, r and s of 32 bytes each."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_NUMBER = 32
SIGNATURE = 2 * _NUMBER
POINT = 1 + 2 * _NUMBER


def is_signed(point: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the holder of a public key, 65 bytes uncompressed, signed a message; False for what is no key."""
    if len(point) != POINT or len(signature) != SIGNATURE:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:_NUMBER], signature[_NUMBER:]))
    try:
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        key.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def sign(key: EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Sign a message. For issuing certificates and for cards."""
    r, s = decode_dss_signature(key.sign(message, ECDSA(SHA256())))
    return r.to_bytes(_NUMBER, "big") + s.to_bytes(_NUMBER, "big")


def point_of(key: EllipticCurvePublicKey) -> bytes:
    """Return a public key as 04, X, Y."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
