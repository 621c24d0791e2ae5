"""Faults at the edge, split by what the caller can do. A refusal of a badge is a value, never one of these."""


class ReaderError(Exception):
    """Something at the edge is not as it must be; the message names the id and the expected value."""


class CardGone(ReaderError):
    """The card left the field, or its exchange broke. Wait for the next card."""


class TransportDown(ReaderError):
    """The reader or its driver is gone. Report it and connect again."""


class HardwareFault(ReaderError):
    """The door's inputs or outputs do not answer. Raise an alarm: the bolt may not have moved."""


class KeyStoreFault(ReaderError):
    """The home of the keys does not answer or is not what was sealed. No badge is proven without it; raise an alarm."""


class CounterFault(ReaderError):
    """The counters of cards cannot be kept. Proofs by a count are refused until they can."""


class JournalError(ReaderError):
    """The journal cannot be written or is not what was written. Nothing may open without it."""


class SettingsError(ReaderError):
    """A setting is missing, unknown or of the wrong form; the message gives its place."""


class WireError(ReaderError):
    """Bytes from the bus are not what the contract says. Refuse them; they change nothing."""
