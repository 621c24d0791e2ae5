"""What every list is asked with (`access.store.listing`)."""

from access.store.listing import FIRST, ID, NEWEST, SEQ, Key, Listing, cursor, every

__all__ = ["FIRST", "ID", "NEWEST", "SEQ", "Key", "Listing", "cursor", "every"]
