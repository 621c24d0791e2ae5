"""The line to the site's authorizers, of which one answers."""

from readers.authority.authority import HttpAuthority

__all__ = ["HttpAuthority"]
