"""The card's half of an authentication: a challenge, and what its answer proves."""

from collections.abc import Callable

import msgspec

from emulators.cards.desfire.memory import Key
from emulators.cards.desfire.rules import Refused, expect
from emulators.cards.desfire.sessions import Ev1Session, Ev2Session, Session
from readers.credentials.ciphers import Cipher, rotate
from readers.credentials.desfire import ev1, ev2
from readers.credentials.desfire.framing import Instruction, Status

AUTHENTICATIONS = frozenset(
    {Instruction.AUTHENTICATE_AES, Instruction.AUTHENTICATE_ISO, Instruction.AUTHENTICATE_EV2_FIRST}
)
_CAPABILITIES = bytes(12)


class Challenge(msgspec.Struct):
    """An authentication half done: by which command, for which key, and what was drawn and sent."""

    ins: int
    key_no: int
    key: Key
    drawn: bytes
    sent: bytes

    def prove(self, token: bytes, draw: Callable[[int], bytes]) -> tuple[Session, bytes]:
        """Return the session that a right answer opens, and the card's own proof; raise `Refused`."""
        if self.ins == Instruction.AUTHENTICATE_EV2_FIRST:
            return self._prove_ev2(token, draw)
        return self._prove_ev1(token)

    def _prove_ev1(self, token: bytes) -> tuple[Session, bytes]:
        kind = ev1.AES_KEYS if self.key.is_aes else ev1.DES_KEYS
        cipher, rnd_a = self._open(token, self.sent)
        session = kind.cipher(ev1.session_key(kind, self.key.value, rnd_a, self.drawn))
        return Ev1Session(self.key_no, session), cipher.encrypt(rotate(rnd_a), token[-cipher.block :])

    def _prove_ev2(self, token: bytes, draw: Callable[[int], bytes]) -> tuple[Session, bytes]:
        cipher, rnd_a = self._open(token, None)
        transaction = draw(ev2.IDENTIFIER)
        enc, mac = ev2.session_keys(self.key.value, rnd_a, self.drawn)
        session = Ev2Session(self.key_no, enc, mac, transaction)
        return session, cipher.encrypt(transaction + rotate(rnd_a) + _CAPABILITIES)

    def _open(self, token: bytes, vector: bytes | None) -> tuple[Cipher, bytes]:
        cipher, size = _cipher(self.key), len(self.drawn)
        expect(len(token) == 2 * size, Status.LENGTH_ERROR)
        opened = cipher.decrypt(token, vector)
        expect(opened[size:] == rotate(self.drawn), Status.AUTHENTICATION_ERROR)
        return cipher, opened[:size]


def challenge(ins: int, data: bytes, keys: list[Key], draw: Callable[[int], bytes]) -> Challenge:
    """Begin an authentication; raise `Refused` for a key that is not there or of the other kind."""
    is_ev2 = ins == Instruction.AUTHENTICATE_EV2_FIRST
    expect(bool(data) and (is_ev2 or len(data) == 1), Status.LENGTH_ERROR)
    expect(data[0] < len(keys), Status.NO_SUCH_KEY)
    key = keys[data[0]]
    if key.is_aes == (ins == Instruction.AUTHENTICATE_ISO):
        raise Refused(Status.AUTHENTICATION_ERROR)
    cipher = _cipher(key)
    drawn = draw(cipher.block)
    return Challenge(ins, data[0], key, drawn, cipher.encrypt(drawn))


def _cipher(key: Key) -> Cipher:
    return Cipher.aes(key.value) if key.is_aes else Cipher.triple_des(key.value)
