"""The rules in force: one place that everything which asks them looks at, so that an activation holds everywhere.

Reading and replacing a reference are single steps in Python: whoever asks gets the old rules or the new ones, whole.
"""

from policies.policy import Policy


class Rulebook:
    """The policy in force."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
