"""`python -m tests.fuzz TARGET [atheris and libFuzzer options]`: one target under atheris, which follows coverage."""

import sys

import atheris


def main() -> None:
    with atheris.instrument_imports(
        include=[
            "readers.credentials",
            "readers.transports.contactless",
            "emulators.cards",
            "emulators.pn532",
        ]
    ):
        from tests.fuzz.targets import TARGETS
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
