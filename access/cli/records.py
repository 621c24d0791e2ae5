"""The server's records of badges, as a desk reaches them: over the API, with a key of its own.

The key needs the scopes people:read, badges:read and badges:write. A card is worked on between two calls, so each can
be made again: a badge that is recorded as wanted already is left as it is.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from access.errors import Conflict, NotFound, SettingsError, TotemError
from policies.ids import BadgeId, PersonId
from policies.roster import BadgeKind, BadgeStatus

_TIMEOUT_S = 10
_DEAD = frozenset({BadgeStatus.REVOKED.value, BadgeStatus.REPLACED.value})


class ServerRefused(TotemError):
    """The server does not answer, or refuses. The card is as it was said to be; do it again."""


class Records:
    """The server at `url`, asked with the key in a file."""

    def __init__(self, url: str, key_file: Path) -> None:
        self._parts = urlsplit(url)
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise SettingsError(f"server {url!r}: expected http://HOST:PORT or https://HOST")
        try:
            self._key = key_file.read_text("ascii").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(f"key {key_file}: cannot be read") from error

    def expect_person(self, person: PersonId) -> None:
        """Raise `NotFound` for somebody who is not known, before a card is touched."""
        status, _ = self._ask("GET", f"/v1/people/{quote(person, safe='')}")
        if status == HTTPStatus.NOT_FOUND:
            raise NotFound(f"person {person}: the server knows nobody of this id")
        _expect(status, HTTPStatus.OK, "look the person up")

    def expect_free(self, badge: BadgeId, kind: BadgeKind, person: PersonId) -> None:
        """Raise `Conflict` for a badge that is another's, of another kind, or withdrawn for good."""
        before = self._look_up(badge)
        if before is None:
            return
        is_theirs = before.get("person") == person and before.get("kind") == kind.value
        if not is_theirs or before.get("status") in _DEAD:
            raise Conflict(
                f"badge {badge}: recorded as {before.get('kind')}, {before.get('status')}, of "
                f"{before.get('person') or 'nobody'}; wipe the card first to give it to {person}"
            )

    def expect_stock(self, uid: bytes, kind: BadgeKind, person: PersonId) -> None:
        """Raise `Conflict` for a blank card by whose number a badge is known: it may only claim it.

        Where a person has a badge by that number alone, their card may be made a DESFire badge, with an own identifier.
        """
        badge = BadgeId(uid.hex())
        before = self._look_up(badge)
        if before is None:
            return
        is_old_one = before.get("kind") == BadgeKind.UID.value and before.get("person") == person
        if kind is not BadgeKind.DESFIRE or not (is_old_one or before.get("status") in _DEAD):
            raise Conflict(
                f"badge {badge}: recorded as {before.get('kind')}, {before.get('status')}, of "
                f"{before.get('person') or 'nobody'}, but this card is blank: it was wiped, or claims the number "
                "to get its keys. Nothing was written; take a card from your own stock"
            )

    def record(self, badge: BadgeId, kind: BadgeKind, person: PersonId) -> None:
        """Record an active badge of a person; one that is so already stays as it is. Raise `Conflict`."""
        body = {"id": badge, "kind": kind.value, "person": person}
        status, _ = self._ask("POST", "/v1/badges", body)
        if status == HTTPStatus.CONFLICT:
            if self._look_up(badge) is None:
                raise Conflict(
                    f"badge {badge}: recorded already, of somebody whom the desk's key does not reach"
                )
            self.expect_free(badge, kind, person)
            return
        _expect(status, HTTPStatus.CREATED, "record the badge")

    def withdraw(self, badge: BadgeId) -> bool:
        """Revoke a badge whose card is wiped; return whether the server knows one of this identifier."""
        status, _ = self._ask("POST", f"{_path(badge)}/revoke")
        if status not in (
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
        ):  # unknown, or replaced by another already
            _expect(status, HTTPStatus.OK, "revoke the badge")
        return status != HTTPStatus.NOT_FOUND

    def _look_up(self, badge: BadgeId) -> dict[str, Any] | None:
        status, found = self._ask("GET", _path(badge))
        if status == HTTPStatus.NOT_FOUND:
            return None
        _expect(status, HTTPStatus.OK, "look the badge up")
        return found

    def _ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        line = kind(str(self._parts.hostname), self._parts.port, timeout=_TIMEOUT_S)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            line.request(method, path, None if body is None else json.dumps(body), headers)
            answer = line.getresponse()
            said = json.loads(answer.read() or b"{}")
        except (OSError, HTTPException, ValueError) as error:
            raise ServerRefused(
                f"server {self._parts.netloc}: {type(error).__name__}; expected Totem's server, --server URL names it"
            ) from error
        finally:
            line.close()
        return answer.status, said if isinstance(said, dict) else {}


_CURES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: ": it does not know the key in the file of --key",
    HTTPStatus.FORBIDDEN: ": the key of --key lacks the right; people:read badges:read badges:write are needed",
}


def _path(badge: BadgeId) -> str:
    return f"/v1/badges/{quote(badge, safe='')}"


def _expect(status: int, wanted: HTTPStatus, what: str) -> None:
    if status != wanted:
        raise ServerRefused(f"could not {what}: the server answered {status}{_CURES.get(status, '')}")
