"""What can go wrong in the server, split by what the caller can do. The API turns each into one problem type."""


class TotemError(Exception):
    """The request cannot be served; the message names what, where and what was expected, never a secret."""


class NotFound(TotemError):
    """There is no such thing. Look the id up again."""


class Conflict(TotemError):
    """The thing is not in a state that allows this, or was changed meanwhile. Read it again."""


class Refused(Conflict):
    """A door answered, and does not obey; the message says why."""


class DoorSilent(TotemError):
    """The door did not answer in time. What was asked of it will not happen; ask again."""


class StandingBy(TotemError):
    """Another authorizer answers for this site, or nobody does for a moment. Ask the other, or again."""


class Over(Conflict):
    """Its time is over. Begin a new one."""


class Outdated(Conflict):
    """The thing was changed since it was read. Read it again and decide anew."""


class Invalid(TotemError):
    """The input is not what it must be. Correct it."""


class NotSignedIn(TotemError):
    """Nobody is signed in, or the key or password is not valid. Sign in."""


class NotAllowed(TotemError):
    """The operator or key has no right to this."""


class SettingsError(TotemError):
    """A setting is missing, unknown or of the wrong form; the message gives its place."""


class StoreDown(TotemError):
    """The database does not answer. Start it, or correct its address."""
