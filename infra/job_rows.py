"""The names of the jobs table's index and of the attributes that operators' commands read."""

INDEX = "newest"
INDEX_PARTITION = "lp"
INDEX_ORDER = "lo"
"""The index of each flow's jobs by age, in partitions: its keys never change while a job lives."""

INDEX_PARTITIONS = 4
"""Of each flow of an org."""

STATE = "s"
PENDING = "pending"
"""The state of a job that waits."""
