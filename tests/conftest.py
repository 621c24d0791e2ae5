"""What every test shares: Hypothesis runs the same examples on every machine and prints how to repeat one."""

from hypothesis import settings

settings.register_profile("totem", deadline=None, print_blob=True)
settings.load_profile("totem")
