"""The use cases of the server: they take a database and the time, and know nothing of HTTP or of screens."""

from access.services.services import Services, open_services

__all__ = ["Services", "open_services"]
