"""The PC/SC transport on a real pcscd; the tests themselves are in `inside_pcsc.py`."""

from pathlib import Path

from tests.pcscd import run_inside


def test_the_pcsc_transport_reads_loses_and_heals_on_a_real_pcscd():
    run_inside(str(Path(__file__).with_name("inside_pcsc.py")))
