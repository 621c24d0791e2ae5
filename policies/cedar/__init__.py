"""The same rules in Cedar, for whoever reads or checks with it: text, schema, entities, and what a host asks."""
