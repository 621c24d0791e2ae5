"""The door, sans-IO: what its strike, contact and timers do, and which mode is in force."""

from readers.door.machine import DoorMachine
from readers.door.states import (
    Claim,
    DoorInput,
    DoorState,
    Effect,
    Report,
    Ring,
    SetTimer,
    Strike,
    Warn,
)

__all__ = [
    "Claim",
    "DoorInput",
    "DoorMachine",
    "DoorState",
    "Effect",
    "Report",
    "Ring",
    "SetTimer",
    "Strike",
    "Warn",
]
