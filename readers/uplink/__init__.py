"""The line to the server: events up until they are acknowledged, snapshots down, whatever becomes of the broker."""

from readers.uplink.uplink import Uplink

__all__ = ["Uplink"]
