"""The devices of a door computer or desk, opened as its settings say. A library is imported where a device needs it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from policies.ids import ReaderId
from readers.errors import SettingsError
from readers.ports import CardTransport
from readers.settings import DeskSettings, OsdpLine, ReaderDevice, Settings

if TYPE_CHECKING:
    from readers.osdp.panel import ControlPanel
    from readers.osdp.peripheral import Peripheral


class Wiring:
    """The readers by their ids, and the OSDP peripherals by theirs. Raise `SettingsError` where settings do not fit."""

    def __init__(self, settings: Settings | DeskSettings, loop: asyncio.AbstractEventLoop) -> None:
        self.peripherals: dict[str, Peripheral] = {}
        self.transports: dict[ReaderId, CardTransport] = {}
        self._panels: list[ControlPanel] = []
        for line in settings.osdp:
            self._open_line(line, loop)
        for device in settings.reader:
            if device.id in self.transports:
                raise SettingsError(f"reader {device.id}: named twice")
            try:
                self.transports[device.id] = self._open_reader(device, loop)
            except ImportError as missing:
                raise SettingsError(
                    f"reader {device.id}: transport {device.transport}: {missing}; install it as docs/readers.md says"
                ) from missing

    async def close(self) -> None:
        """Let every device go."""
        for transport in self.transports.values():
            await transport.close()
        for panel in self._panels:
            await panel.close()

    def _open_line(self, line: OsdpLine, loop: asyncio.AbstractEventLoop) -> None:
        from readers.osdp.panel import ControlPanel  # noqa: PLC0415 (libosdp is an extra)

        keys: dict[int, bytes] = {}
        names: dict[str, int] = {}
        for each in line.peripheral:
            if each.id in self.peripherals or each.id in names:
                raise SettingsError(f"osdp peripheral {each.id}: named twice")
            if each.address in keys:
                raise SettingsError(f"osdp {line.path}: two peripherals have the address {each.address}")
            names[each.id], keys[each.address] = each.address, _key(each.id, Path(each.key_file))
        panel = ControlPanel(line.path, line.baud, keys, loop)
        self._panels.append(panel)
        self.peripherals |= {name: panel.peripherals[address] for name, address in names.items()}

    def _open_reader(self, device: ReaderDevice, loop: asyncio.AbstractEventLoop) -> CardTransport:
        match device.transport:
            case "pcsc":
                from readers.transports.pcsc import PcscTransport  # noqa: PLC0415 (pyscard is an extra)

                return PcscTransport(device.device, loop)
            case "nfcpy":
                from readers.transports.nfcpy import NfcpyTransport  # noqa: PLC0415 (nfcpy is an extra)

                return NfcpyTransport(device.device, loop)
            case "osdp":
                from readers.transports.osdp import OsdpTransport  # noqa: PLC0415 (libosdp is an extra)

                if device.device not in self.peripherals:
                    raise SettingsError(f"reader {device.id}: there is no osdp peripheral {device.device!r}")
                return OsdpTransport(self.peripherals[device.device], loop)


def _key(peripheral: str, path: Path) -> bytes:
    """Read a peripheral's key; no message tells anything of it."""
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise SettingsError(
            f"osdp peripheral {peripheral}: {path}: cannot be read: {error.strerror}"
        ) from error
    except ValueError:
        raise SettingsError(f"osdp peripheral {peripheral}: {path}: expected 32 hexadecimal digits") from None
