"""HTTP: one file a resource, over the use cases of `access.services`."""

from access.api.app import create_app

__all__ = ["create_app"]
