"""Occupancy: how many people are where, folded from events. Pure; it stores nothing and knows no screen."""
