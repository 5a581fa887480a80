"""Names in the stored tables that the functions and the infrastructure share. This module imports nothing.

Names are short: the price of a write depends on the whole item's size.
"""

JOB_ID = "id"
STATE = "s"
CREATED_AT = "c"
START_BY = "u"
EXPIRES_AT = "t"
"""The time-to-live attribute of the jobs and usage tables."""

RESTORED = "rt"
"""When the last restoration of the row began. A stream record that changes it counts no usage."""

PENDING = "pending"
RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"
UNSETTLED = (PENDING, RUNNING)
TERMINAL = (COMPLETED, FAILED, CANCELLED)

INDEX = "newest"
"""The index of each flow's jobs by age, in partitions: its keys never change while a job lives."""

INDEX_PARTITION = "lp"
INDEX_ORDER = "lo"
INDEX_PARTITIONS = 4
"""Partitions per flow: each takes a thousand new jobs a second, and a list queries each once."""

KEY_HASH = "hash"
USAGE_ORG = "o"
USAGE_KEY = "k"
