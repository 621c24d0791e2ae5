"""Who may pass: the building's vocabulary and the decision. Pure: no clock, no IO but the loader's files."""
