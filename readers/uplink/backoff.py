"""How long to wait before the next attempt: longer each time, and never in step with the other doors."""

from random import Random

FIRST_S = 1.0
LONGEST_S = 30.0


class Backoff:
    """Waits that double from `FIRST_S` to `LONGEST_S`, each drawn between the first and its own bound."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._bound_s = FIRST_S

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        wait_s = self._random.uniform(FIRST_S, self._bound_s)
        self._bound_s = min(self._bound_s * 2, LONGEST_S)
        return wait_s

    def reset(self) -> None:
        """Begin again with the shortest wait: the attempt has succeeded."""
        self._bound_s = FIRST_S
