"""The PC/SC transport on a real pcscd; its own tests are `inside_pcsc.py`, the others in `tests/ports`."""

from pathlib import Path

import pytest

from tests.pcscd import run_inside

pytestmark = pytest.mark.long


def test_the_pcsc_transport_reads_loses_and_heals_on_a_real_pcscd():
    run_inside(str(Path(__file__).with_name("inside_pcsc.py")))


def test_the_pcsc_transport_keeps_what_every_transport_promises():
    run_inside(str(Path(__file__).parents[2] / "ports" / "inside_card_transport.py"))
