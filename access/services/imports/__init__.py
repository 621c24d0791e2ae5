"""People from a file: a difference first, and all of it or nothing."""

from access.services.imports.diff import Change, Difference
from access.services.imports.imports import ImportRecord, Imports, Outcome, UnderWay
from access.services.imports.rows import Fault, Wanted, from_csv, from_json

__all__ = [
    "Change",
    "Difference",
    "Fault",
    "ImportRecord",
    "Imports",
    "Outcome",
    "UnderWay",
    "Wanted",
    "from_csv",
    "from_json",
]
