"""The UHPPOTE boards of a door computer, each opened where a door hangs on it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from policies.ids import DoorId
from readers.errors import SettingsError
from readers.hardware import Uhppote, UhppoteBoard
from readers.ports import DoorHardware

if TYPE_CHECKING:
    from readers.actuators.uhppoted import Board


class BoardWiring:
    """The boards by their ids. Raise `SettingsError` for a door that no board has, or that two doors claim."""

    def __init__(self, boards: Iterable[UhppoteBoard]) -> None:
        self._wirings: dict[str, UhppoteBoard] = {}
        for board in boards:
            if board.id in self._wirings:
                raise SettingsError(f"uhppote {board.id}: named twice")
            self._wirings[board.id] = board
        self._boards: dict[str, Board] = {}
        self._claimed: dict[tuple[str, int], DoorId] = {}

    def door(self, device: Uhppote) -> DoorHardware:
        """Return a door of a board, before `open`."""
        from readers.actuators.uhppoted import Board  # noqa: PLC0415 (uhppoted is an extra)

        if device.board not in self._wirings:
            raise SettingsError(f"door {device.id}: there is no uhppote board {device.board!r}")
        claimant = self._claimed.setdefault((device.board, device.door), device.id)
        if claimant != device.id:
            raise SettingsError(f"door {device.id}: door {device.door} of {device.board} is {claimant}'s")
        if device.board not in self._boards:
            self._boards[device.board] = Board(self._wirings[device.board])
        return self._boards[device.board].door(device)

    def open(self) -> None:
        """Begin to talk to the boards that doors hang on."""
        for board in self._boards.values():
            board.open()

    async def close(self) -> None:
        """Let them go."""
        for board in self._boards.values():
            await board.close()
