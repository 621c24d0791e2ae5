"""The conformance of card transports that need no service; that of PC/SC runs beside its real pcscd."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ports import readers
from tests.ports.card_transport import *  # noqa: F403 (the suite itself)
from tests.ports.readers import CuttableRig, Rig


@pytest.fixture(
    params=[readers.field, readers.pn532, readers.udp, readers.osdp], ids=lambda rig: rig.__name__
)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with request.param(tmp_path) as made:
        yield made


@pytest.fixture(params=[readers.field, readers.pn532, readers.osdp], ids=lambda rig: rig.__name__)
async def cuttable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CuttableRig]:
    async with request.param(tmp_path) as made:
        yield made
