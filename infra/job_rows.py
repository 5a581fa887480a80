"""What the functions call the index of the jobs table, and what of its rows an operator's command reads."""

INDEX = "newest"
INDEX_PARTITION = "lp"
INDEX_ORDER = "lo"
"""The jobs of each flow by their age: what the functions write into its two keys never changes."""

INDEX_PARTITIONS = 4
"""Of each flow of an org."""

STATE = "s"
PENDING = "pending"
"""The state of a job that waits."""
