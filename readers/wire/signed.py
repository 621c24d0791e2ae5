"""What the site signs: a magic of 8 bytes, 64 bytes of Ed25519 signature over a context and the body, then the body.

The context is signed in front of the body, so that a signature made for one form never fits another.
"""

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from readers.errors import WireError

_SIGNATURE_BYTES = 64


class Form(msgspec.Struct, frozen=True):
    """One kind of signed message: its name in errors, the magic it begins with, and the context of its signature."""

    name: str
    magic: bytes
    context: bytes

    def fits(self, payload: bytes) -> bool:
        """Return whether a payload claims to be of this form."""
        return payload.startswith(self.magic)

    def sign(self, body: bytes, key: Ed25519PrivateKey) -> bytes:
        """Return the body as it travels."""
        return self.magic + key.sign(self.context + body) + body

    def open(self, payload: bytes, key: Ed25519PublicKey) -> bytes:
        """Return the body; raise `WireError` if the bytes are not exactly what the holder of the key signed."""
        if not self.fits(payload):
            raise WireError(f"not a {self.name}: it does not begin with {self.magic.decode()}")
        start = len(self.magic) + _SIGNATURE_BYTES
        body = payload[start:]
        try:
            key.verify(payload[len(self.magic) : start], self.context + body)
        except InvalidSignature as error:
            raise WireError(f"{self.name}: the signature is not by this site's key") from error
        return body
