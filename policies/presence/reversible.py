"""A state whose every change can be taken back: each is written down, as it happens, with what was there before."""

from collections import deque
from typing import Any

Undo = tuple[Any, Any, Any]
"""What takes a change back: a mapping, its key and its former value; or a list, None, and nothing."""

_ABSENT = object()


class Reversible:
    """Changes mappings, counts and lists. `undo`, while it is a list, takes up how to go back."""

    def __init__(self) -> None:
        self.undo: list[Undo] | None = None

    def step_back(self, undo: list[Undo]) -> None:
        """Take back the changes that wrote `undo`, the last first."""
        for holder, key, before in reversed(undo):
            if isinstance(holder, deque):
                if holder:
                    holder.pop()
            elif before is _ABSENT:
                holder.pop(key, None)
            else:
                holder[key] = before

    def _add(self, counts: dict[Any, int], key: Any, number: int) -> None:  # noqa: ANN401  (any of the tallies)
        """Add to a count; one of nothing is not kept."""
        before = counts.get(key, 0)
        if self.undo is not None:
            self.undo.append((counts, key, before or _ABSENT))
        after = before + number
        if after:
            counts[key] = after
        elif before:
            del counts[key]

    def _put(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:  # noqa: ANN401  (any of the mappings)
        if self.undo is not None:
            self.undo.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def _drop(self, mapping: dict[Any, Any], key: Any) -> None:  # noqa: ANN401  (any of the mappings)
        if key in mapping:
            if self.undo is not None:
                self.undo.append((mapping, key, mapping[key]))
            del mapping[key]

    def _push(self, kept: deque[Any], value: Any, most: int) -> None:  # noqa: ANN401  (any of the lists)
        """Put at the end of a list of the latest `most`; what falls off its beginning does not come back."""
        kept.append(value)
        if self.undo is not None:
            self.undo.append((kept, None, None))
        if len(kept) > most:
            kept.popleft()
