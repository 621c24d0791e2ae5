"""One card's visit: what it is, by its answer to reset, and the protocol that identifies it.

`PROTOCOLS` is the one place where a kind of card meets its protocol. Whatever the bytes, an exchange ends in
`Identified` or `Rejected`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from readers.credentials.atr import Technology, recognise
from readers.credentials.exchange import UNREADABLE, Exchange
from readers.credentials.uid import identify_by_uid

PROTOCOLS: Mapping[Technology, Callable[[], Exchange]] = MappingProxyType(
    {Technology.STORAGE: identify_by_uid, Technology.PROCESSOR: identify_by_uid},
)


def identify(atr: bytes) -> Exchange:
    """Find out whose badge the card with this answer to reset is."""
    technology = recognise(atr)
    if technology is None:
        return UNREADABLE
    return (yield from PROTOCOLS[technology]())
