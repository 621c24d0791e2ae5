"""MQTT topic filters: which topics a subscription covers (MQTT 3.1.1, section 4.7)."""


def covers(topic_filter: str, topic: str) -> bool:
    """Return whether `topic_filter` matches `topic`; `+` stands for one level, a last `#` for any number."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if levels[0].startswith("$") and wanted[0] in ("+", "#"):
        return False  # section 4.7.2: the broker's own topics are not for wildcards
    for place, want in enumerate(wanted):
        if want == "#":
            return True
        if place >= len(levels) or want not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)
