"""What may be shown of counts to people who are not responsible for the building: no group under eleven.

Numbers are those of the last quarter-hour. A group under the threshold is suppressed, and so are others beside it
until nobody can work it out from a total: what is suppressed under one parent is at least two groups, and together at
least the threshold, or the total is suppressed as well. The choice is made once for the whole tree, so every public or
company view is a part of one and the same publication, and views laid side by side tell no more than it does. Sources:
CNIL's guidance as read in docs/domain.md, 6; complementary suppression as in statistical disclosure control.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from policies.building import Building, Space, SpaceKind
from policies.ids import SpaceId

THRESHOLD = 11
_LEAST_HIDDEN = 2  # one alone would be what the whole has more than the others
STEP = timedelta(minutes=15)


def step_before(at: datetime) -> datetime:
    """Return the last quarter-hour up to `at`."""
    return at - (at - at.replace(minute=0, second=0, microsecond=0)) % STEP


def publish(
    building: Building, counts: Mapping[SpaceId, int], threshold: int = THRESHOLD
) -> dict[SpaceId, int | None]:
    """Return every space's count, None where it is suppressed. The counts are those of one quarter-hour."""
    tree, shown = building.tree(), dict[SpaceId, int | None]()
    for root in tree.get(None, ()):
        if root.kind is not SpaceKind.OUTSIDE:
            shown[root.id] = counts[root.id] if counts[root.id] >= threshold else None
            _descend(tree, counts, root.id, threshold, shown)
    return shown


def _descend(
    tree: Mapping[SpaceId | None, Sequence[Space]],
    counts: Mapping[SpaceId, int],
    parent: SpaceId,
    threshold: int,
    shown: dict[SpaceId, int | None],
) -> None:
    children = [child.id for child in tree.get(parent, ())]
    hidden = _hidden(children, counts, threshold, is_total_shown=shown[parent] is not None)
    for child in children:
        shown[child] = None if child in hidden else counts[child]
    for child in children:
        _descend(tree, counts, child, threshold, shown)


def _hidden(
    children: list[SpaceId], counts: Mapping[SpaceId, int], threshold: int, *, is_total_shown: bool
) -> set[SpaceId]:
    """Return whom to hide under one parent.

    Below a hidden total everything is hidden: a child that is shown would bound it from below.
    """
    if not is_total_shown:
        return set(children)
    hidden = {child for child in children if counts[child] < threshold}
    if not hidden:
        return hidden
    # By size, then in the building's order: whom else to hide must not depend on who is in the small groups.
    others = sorted((child for child in children if child not in hidden), key=lambda child: counts[child])
    while others and (len(hidden) < _LEAST_HIDDEN or sum(counts[child] for child in hidden) < threshold):
        hidden.add(others.pop(0))
    return hidden
