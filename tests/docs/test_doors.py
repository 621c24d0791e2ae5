"""docs/doors.md: its table is what the machine does, and what it promises above all holds in every cell."""

from tests.docs.doors_table import EVENTS, FAULTS, MODES, kept, lived, table


def cells() -> dict[tuple[str, str, str], str]:
    """Return the page's table by mode, event and fault."""
    found: dict[tuple[str, str, str], str] = {}
    for line in kept().splitlines()[2:]:
        mode, event, *row = (cell.strip() for cell in line.strip("|").split("|"))
        found |= {(mode, event, fault): cell for fault, cell in zip(FAULTS, row, strict=True)}
    return found


def test_the_table_is_what_the_machine_does() -> None:
    assert kept() == table(), "write it anew: python -m tests.docs.doors_table"


def test_leaving_by_the_handle_works_in_every_mode_with_every_fault() -> None:
    told = cells()
    assert len(told) == len(MODES) * len(EVENTS) * len(FAULTS)
    assert {told[mode, "the handle inside", fault] for mode in MODES for fault in FAULTS} == {"opens"}


def test_nobody_is_let_in_by_a_fault_but_by_a_magnet_without_power() -> None:
    told = cells()
    secured = [
        told[mode, "a push from outside", fault]
        for mode in ("normal", "locked", "lockdown")
        for fault in FAULTS
        if fault != "magnet without power"
    ]
    assert set(secured) == {"shut"}


def test_a_cell_is_lived_and_not_remembered() -> None:
    assert lived("locked", "a badge that may enter", "nothing broken") == "shut, denied-deny-all"
