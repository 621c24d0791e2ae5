"""Cells of a table that a spreadsheet would run, made text on their way out, and what they were on their way in.

A cell that begins with `=`, `+`, `-`, `@`, also of full width, a tab or an end of line is given an apostrophe (OWASP,
"CSV Injection"): a name that somebody chose must not run on the computer of whoever opens the table. So is what follows
the sign that parts cells elsewhere, within a cell: French spreadsheets part at semicolons, others at commas.
"""

import re

COMMA, SEMICOLON = ",", ";"
_ELSEWHERE = {COMMA: SEMICOLON, SEMICOLON: COMMA}

_SIGNS = "[=+@\t\r\n＝＋－＠-]"  # noqa: RUF001  (full width, as meant)
_BEGINS, _BEGAN = re.compile(f"(?='*{_SIGNS})"), re.compile(f"'(?='*{_SIGNS})")
_THEN_A_FORMULA = f"(?=[\"']*{_SIGNS})"
_WOULD_BEGIN = {sign: re.compile(f"{other}{_THEN_A_FORMULA}") for sign, other in _ELSEWHERE.items()}
_WAS_KEPT = {sign: re.compile(f"{other}'{_THEN_A_FORMULA}") for sign, other in _ELSEWHERE.items()}


def harmless(cell: object, delimiter: str = COMMA) -> object:
    """Return a cell that no spreadsheet runs, of a table whose cells the delimiter parts."""
    if not isinstance(cell, str):
        return cell
    told = _WOULD_BEGIN[delimiter].sub(f"{_ELSEWHERE[delimiter]}'", cell)
    return f"'{told}" if _BEGINS.match(told) else told


def as_it_was(cell: str, delimiter: str = COMMA) -> str:
    """Return a cell as it was before our own table made it text, so that whoever is exported is found again."""
    cell = _WAS_KEPT[delimiter].sub(_ELSEWHERE[delimiter], cell)
    return cell[1:] if _BEGAN.match(cell) else cell
