"""Who can enter at a door, where somebody can enter and when, and with what they still need."""
