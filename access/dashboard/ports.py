"""What the pages need of whoever signs in, as protocols: `access.services.sessions.Sessions` fits them."""

from datetime import datetime
from typing import Protocol

from access.services.rights import Reach


class Actor(Protocol):
    """Who is signed in."""

    @property
    def name(self) -> str:
        """Return the name they sign in with."""
        ...

    @property
    def must_set_password(self) -> bool:
        """Return whether they hold a one-time password and must choose their own before anything else."""
        ...

    @property
    def reach(self) -> Reach:
        """Return where their rights hold."""
        ...

    def may(self, scope: str) -> bool:
        """Return whether they may do what the scope says, everywhere and about everybody."""
        ...

    def may_within(self, scope: str) -> bool:
        """Return whether they may do what the scope says within their reach."""
        ...


class SignedIn(Protocol):
    """A session that was just opened."""

    @property
    def token(self) -> str:
        """Return what the browser keeps."""
        ...


class Sessions(Protocol):
    """Sign-in by password. The calls block: they hash and read the store, so they run on a thread."""

    def sign_in(self, name: str, password: str, at: datetime, instead_of: str | None = None) -> SignedIn:
        """Open a session in the place of another; raise `NotSignedIn` for a wrong name or password, or while locked."""
        ...

    def of_session(self, token: str, at: datetime) -> Actor:
        """Return who holds the session; raise `NotSignedIn` if it has run out or never was."""
        ...

    def set_password(self, token: str, new: str, at: datetime, current: str | None = None) -> SignedIn:
        """Give the session's operator a new password and a fresh session.

        Raise `Invalid` if it will not do, `NotSignedIn` if one was chosen before and `current` is not that.
        """
        ...

    def sign_out(self, token: str) -> None:
        """End a session; does nothing where there is none."""
        ...
