"""The benches of `totem bench`: one module each, with `run(options) -> Report`; report.py and rounds.py frame them."""
