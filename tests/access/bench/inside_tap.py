"""The bench of a tap through a real pcscd and vpcd."""

import asyncio

from access.bench.tap import reader
from tests.pcscd import Pcscd


def test_the_whole_tap_through_pcscd_is_measured_beside_the_raw_exchange(tmp_path):
    with Pcscd():
        results = asyncio.run(reader.measure(tmp_path / "desk", 2))
    assert set(results) == {"pcsc", "pcsc.raw"}
    for row in results.values():
        assert row.n > 0
        assert 0 < row.p50_us <= row.max_us
