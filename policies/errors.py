"""What can be wrong with a building or a policy. A refusal at a door is a `Decision`, never one of these."""

from pathlib import Path

import msgspec


class PolicyError(Exception):
    """The building or the policy is not what it must be; the message says what and where."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One error in a file: `FILE:LINE: key: message`, the line counted from 1."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class LoadError(PolicyError):
    """The files cannot be loaded. `findings` lists every error, in the order of the files and lines."""

    def __init__(self, directory: Path, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.directory = directory
        self.findings = findings


class BuildingError(PolicyError):
    """A building whose parts do not fit together: what is wrong, with the id that it is wrong about."""
