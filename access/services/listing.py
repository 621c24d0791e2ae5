"""What every list is asked with (`access.store.listing`)."""

from access.store.listing import FIRST, Listed, Listing, cursor, every

__all__ = ["FIRST", "Listed", "Listing", "cursor", "every"]
