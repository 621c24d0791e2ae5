"""Master keys in a secure element or HSM by PKCS#11: the one file that imports `pkcs11`.

The keys are AES objects that cannot be taken out; their label is the key's name, their id its version, one byte. The
token encrypts single blocks and nothing else. Its calls block, so they have a thread of their own, which is waited for
only so long; a token that was lost is opened again at the next tap.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

from readers.credentials.ciphers import AES_BLOCK, AES_KEY, Cipher
from readers.credentials.keys import KeyRef, diversify
from readers.errors import KeyStoreFault

_T = TypeVar("_T")
_AES_BITS = 8 * AES_KEY

ANSWER_WITHIN_S = 1.0
"""Many times what a token takes; a visit of a badge has two seconds in all."""


class Pkcs11Keys:
    """The keys of one token. `KeyStore` for a daemon."""

    def __init__(self, module: Path, token: str, pin_file: Path) -> None:
        self._module, self._token, self._pin_file = module, token, pin_file
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keys")
        self._session: Any = None  # pkcs11 leaves its objects' attributes untyped
        self._held: dict[KeyRef, Any] = {}

    @classmethod
    def open(cls, module: Path, token: str, pin_file: Path) -> Self:
        """Open a token by its label and list its keys; raise `KeyStoreFault` naming the token."""
        keys = cls(module, token, pin_file)
        try:
            keys._thread.submit(keys._reach).result()
        except KeyStoreFault:
            keys.close()
            raise
        return keys

    def close(self) -> None:
        """Let the token go."""
        self._thread.submit(self._forget).result()
        self._thread.shutdown()

    def versions(self, name: str) -> tuple[int, ...]:
        return tuple(sorted((key.version for key in self._held if key.name == name), reverse=True))

    def derive(self, key: KeyRef, identity: bytes) -> bytes | None:
        if key not in self._held:
            return None
        made = self._thread.submit(self._derive, key, identity)
        try:
            return made.result(ANSWER_WITHIN_S)
        except TimeoutError:
            made.cancel()
            raise KeyStoreFault(f"token {self._token}: no answer within {ANSWER_WITHIN_S:.0f} s") from None

    # The rest runs in the thread.

    def _derive(self, key: KeyRef, identity: bytes) -> bytes:
        try:
            return self._attempt(lambda: diversify(self._cipher(key), identity))
        except KeyStoreFault:
            self._reach()
            return self._attempt(lambda: diversify(self._cipher(key), identity))

    def _cipher(self, key: KeyRef) -> Callable[[bytes], bytes]:
        held = self._held.get(key)
        if held is None:
            raise KeyStoreFault(f"token {self._token}: the key {key.name}, version {key.version}, is gone")

        def encrypt(block: bytes) -> bytes:
            return bytes(held.encrypt(block, mechanism=Mechanism.AES_ECB))[:AES_BLOCK]

        return encrypt

    def _reach(self) -> None:
        self._forget()
        self._session = self._attempt(lambda: _open(self._module, self._token, self._pin()))
        self._held = self._attempt(lambda: dict(_list(self._session)))

    def _forget(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(pkcs11.PKCS11Error):  # the token may be gone, and the session with it
                session.close()

    def _pin(self) -> str:
        try:
            return self._pin_file.read_text("utf-8").rstrip("\n")
        except OSError as error:
            raise KeyStoreFault(f"PIN {self._pin_file}: {error.strerror}") from error

    def _attempt(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            # By its kind alone: what a library says of a call may quote what it was given.
            raise KeyStoreFault(f"token {self._token}: {type(error).__name__}") from None


def put(module: Path, token: str, pin: str, keys: Mapping[KeyRef, bytes]) -> None:
    """Put keys into a token, where nobody takes them out again. For the key ceremony.

    What is there already with the same value is left as it is. Raise `KeyStoreFault`, also where another key is there
    by a name and version: then nothing was put.
    """
    try:
        with _open(module, token, pin, writing=True) as session:
            held = _list(session)
            for key, there in held:
                if key in keys and not _is_same(there, keys[key]):
                    raise KeyStoreFault(
                        f"token {token}: it holds another key as {key.name}, version {key.version}; nothing was copied"
                    )
            for key in keys.keys() - {key for key, _ in held}:
                session.create_object(_template(key) | {Attribute.VALUE: keys[key]})
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise KeyStoreFault(f"token {token}: {type(error).__name__}") from None


def _is_same(there: Any, value: bytes) -> bool:  # noqa: ANN401 (as in __init__)
    """Tell whether a key of the token, which cannot be taken out, makes of a block what this one makes."""
    block = bytes(AES_BLOCK)
    made = bytes(there.encrypt(block, mechanism=Mechanism.AES_ECB))[:AES_BLOCK]
    return made == Cipher.aes(value).encrypt(block)


def _template(key: KeyRef) -> dict[Attribute, object]:
    return {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.LABEL: key.name,
        Attribute.ID: bytes((key.version,)),
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.ENCRYPT: True,
        Attribute.DECRYPT: False,
    }


def _open(module: Path, token: str, pin: str, *, writing: bool = False) -> Any:  # noqa: ANN401 (as in __init__)
    library = pkcs11.lib(str(module))
    return library.get_token(token_label=token).open(user_pin=pin, rw=writing)


def _list(session: Any) -> "list[tuple[KeyRef, Any]]":  # noqa: ANN401 (as in __init__)
    found = []
    for key in session.get_objects(
        {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES}
    ):
        is_ours = len(key.id) == 1 and key.id != b"\x00" and key.key_length == _AES_BITS
        if is_ours:
            found.append((KeyRef(key.label, key.id[0]), key))
    return found
