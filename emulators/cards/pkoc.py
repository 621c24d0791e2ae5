"""A PKOC card or phone: version 1, version 2 with its issuer's certificate, or both (PSIA PKOC 1.1 and 2.0.1).

It has no number of its own to show: like a phone, it makes up a new one at each reset.
"""

import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from emulators.cards.uid import answer_uid
from readers.credentials.apdu import Command, Malformed, Response, Status, parse_command
from readers.credentials.atr import processor_card_atr
from readers.credentials.pkoc import tlv
from readers.credentials.pkoc.badge import (
    APPLICATION,
    INFORMATION,
    KEY,
    READER,
    SIGNATURE,
    TRANSACTION,
    VERSION,
    VERSION_1,
    VERSION_2,
)
from readers.credentials.pkoc.signature import point_of, sign

_READER_CLASS = 0xFF
_RANDOM = b"\x08"
_SELECT = (0x00, 0xA4, 0x04, 0x00)
_AUTHENTICATE = (0x80, 0x80, 0x00, 0x01)
_INTERNAL_AUTHENTICATE = (0x00, 0x88, 0x00, 0x00)
_GET_INFORMATION = (0x00, 0xCA, 0x7F, 0x63)
_GET_CERTIFICATE = (0x00, 0xCA, 0x7F, 0x21)
_FAILED = 0x6F00
_TRANSACTION, _READER, _CHALLENGE = 16, 32, 32


class PkocCard:
    """A card with a key; with a `certificate` it speaks version 2, and version 1 unless told otherwise."""

    def __init__(
        self,
        key: EllipticCurvePrivateKey,
        certificate: bytes | None = None,
        *,
        speaks_version_1: bool = True,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.atr = processor_card_atr(b"")
        self.point = point_of(key.public_key())
        self._key, self._certificate, self._draw = key, certificate, draw
        self._speaks_version_1 = speaks_version_1
        self.reset()

    def reset(self) -> None:
        self._uid = _RANDOM + self._draw(3)
        self._is_selected = False

    def process(self, apdu: bytes) -> bytes:
        if apdu[:1] == bytes((_READER_CLASS,)):
            return answer_uid(apdu, self._uid)
        command = parse_command(apdu)
        if isinstance(command, Malformed):
            return Response(b"", Status.WRONG_LENGTH).encode()
        return self._answer(command).encode()

    def _answer(self, command: Command) -> Response:
        header = (command.cla, command.ins, command.p1, command.p2)
        if header == _SELECT:
            return self._select(command.data)
        if not self._is_selected:
            return Response(b"", Status.CONDITIONS_NOT_SATISFIED)
        if header == _AUTHENTICATE and self._speaks_version_1:
            return self._authenticate(command.data)
        if header == _GET_CERTIFICATE and self._certificate is None:
            return Response(b"", Status.REFERENCED_DATA_NOT_FOUND)
        return self._answer_version_2(header, command.data)

    def _answer_version_2(self, header: tuple[int, int, int, int], data: bytes) -> Response:
        certificate = self._certificate
        if certificate is not None and header == _GET_INFORMATION:
            return Response(tlv.encode(INFORMATION, tlv.encode(VERSION, VERSION_2)), Status.OK)
        if certificate is not None and header == _GET_CERTIFICATE:
            return Response(certificate, Status.OK)
        if certificate is not None and header == _INTERNAL_AUTHENTICATE:
            return self._sign_challenge(data)
        return Response(b"", Status.INSTRUCTION_NOT_SUPPORTED)

    def _select(self, name: bytes) -> Response:
        self._is_selected = name == APPLICATION
        if not self._is_selected:
            return Response(b"", Status.FILE_NOT_FOUND)
        version = VERSION_1 if self._speaks_version_1 else VERSION_2
        return Response(tlv.encode(VERSION, version), Status.OK)

    def _authenticate(self, data: bytes) -> Response:
        fields = tlv.values(data)
        transaction = (fields or {}).get(TRANSACTION, b"")
        if not fields or len(transaction) != _TRANSACTION or len(fields.get(READER, b"")) != _READER:
            return Response(b"", _FAILED)
        answer = tlv.encode(KEY, self.point) + tlv.encode(SIGNATURE, sign(self._key, transaction))
        return Response(answer, Status.OK)

    def _sign_challenge(self, challenge: bytes) -> Response:
        if len(challenge) != _CHALLENGE:
            return Response(b"", Status.WRONG_LENGTH)
        return Response(tlv.encode(SIGNATURE, sign(self._key, challenge)), Status.OK)
