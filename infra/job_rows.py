"""The names of the jobs table's index and of the attributes that operators' commands read."""

INDEX = "newest"
INDEX_PARTITION = "lp"
INDEX_ORDER = "lo"
"""The jobs of each flow by their age: what the functions write into its two keys never changes."""

INDEX_PARTITIONS = 4
"""Of each flow of an org."""

STATE = "s"
PENDING = "pending"
"""The state of a job that waits."""
