"""The bench of a tap through a real pcscd and vpcd."""

import asyncio

from access.bench.tap import reader
from tests.pcscd import Pcscd


def test_the_whole_tap_through_pcscd_is_measured_beside_the_raw_exchange(tmp_path):
    with Pcscd():
        measured = asyncio.run(reader.measure(tmp_path / "desk", 2))
    assert set(measured) == set(reader.Paced)
    for pairs in measured.values():
        assert len(pairs.subject) == len(pairs.raw) > 0
        assert min(pairs.subject + pairs.raw) > 0
    at_once, in_the_air = (min(measured[pace].raw) for pace in reader.Paced)
    assert in_the_air - at_once > 0, "a card that takes its time takes longer"
