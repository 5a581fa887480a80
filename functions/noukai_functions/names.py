"""Names in the stored tables, shared by the functions and the infrastructure. This module imports nothing.

Names are short because DynamoDB charges a write by the size of the whole item.
"""

JOB_ID = "id"
STATE = "s"
ORG = "o"
FLOW = "f"
ATTEMPT = "n"
MAX_ATTEMPTS = "m"
CREATED_AT = "c"
NOT_BEFORE = "b"
LEASE_UNTIL = "l"
STARTED_AT = "a"
CLAIMED_AT = "i"
COMPLETED_AT = "e"
STOPPED_AT = "z"
START_BY = "u"
EXPIRES_AT = "t"
"""The time-to-live attribute of the jobs and usage tables."""

WEBHOOK = "wh"
"""The mark of a job whose end webhook endpoints are told of; without it, no reader of the stream is woken."""

ALL_WEBHOOKS = "*"
"""The value of that mark for the endpoints that ask for the job; otherwise it is the name of one."""

CANARY = "cy"
"""The mark of a job that a canary runs: the queue of its worker kind's alias `canary` has its messages."""

CANARY_ROW = "#canary"
"""The key of the row that says which share of new jobs a canary gets; without it, none."""

CANARY_SHARE = "share"
"""The attribute of that row with the share in per cent."""

CANARY_KIND = "-canary"
"""What follows the name of a worker kind in the metrics of the jobs that a canary runs."""

SWEEP_ROW = "#sweep"
"""The key of the row that records the latest sweep."""

RESTORED = "rt"
"""When the row was last restored. A stream record that changes it counts no usage."""

PENDING = "pending"
RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"
UNSETTLED = (PENDING, RUNNING)
TERMINAL = (COMPLETED, FAILED, CANCELLED)

BY_SCHEDULE = "\n"
"""What stands before the name of a schedule, in place of a key's, which has no line break."""

INDEX = "newest"
"""The index of each flow's jobs by age, split into partitions. Its keys never change while a job exists."""

INDEX_PARTITION = "lp"
INDEX_ORDER = "lo"
INDEX_PARTITIONS = 4
"""Partitions per flow, unless a setting says more. Each takes a thousand new jobs a second; a list queries
each of them once."""

KEY_HASH = "hash"
USAGE_ORG = "o"
USAGE_KEY = "k"

BUDGETS = "#budget"
"""The partition of the usage table with a row for each org, which every submission reads."""

ENDPOINTS = "hooks"
"""The attribute of that row with the names of the org's webhook endpoints."""

SCHEDULE_ORG = "o"
SCHEDULE_NAME = "n"

SUBMITTED = "Submitted"
STARTED = "Started"
RETRIED = "Retried"
ENDED = {COMPLETED: "Completed", FAILED: "Failed", CANCELLED: "Cancelled"}
WAITED = "Waited"
RAN = "Ran"
LATENESS = "Lateness"
FAILED_SHARE = "FailedShare"
UNSETTLED_WORK = "Unsettled"
DEAD_LETTERS = "DeadLetters"
TABLE_THROTTLES = "TableThrottles"
SWEEP_ROUNDS = "SweepRounds"
SCHEDULE_FAILURES = "ScheduleFailures"
MILLISECONDS = (WAITED, RAN, LATENESS)
"""The metrics that are times; the others are numbers of jobs, messages, records or rounds."""

KIND_DIMENSION = "WorkerKind"
DEFAULT_KIND = "default"
"""The name of the default worker kind in metrics."""

FLOW_DIMENSION = "Flow"

CHECK_QUEUES = "checkQueues"
"""The member of an event that asks the sweep function for a check of the queues."""

SWEEP_SEGMENT = "segment"
"""The member of an event that names the segment of the table to sweep; without it, it is the first."""

DUE_INDEX = "due"
"""The sparse index of two tables: schedules that are due; endpoints that are due, and what waits for each."""

DUE_GROUP = "q"
DUE_AT = "d"

DUE_ENDPOINTS = "#due"
"""The group of the index that holds the endpoints."""

ENDPOINT_PREFIX = "endpoint#"
"""The begin of the key of an endpoint below its org, in the webhooks table."""

ENDPOINT_FIELDS = {
    "made": "mk",
    "url": "u",
    "events": "ev",
    "flow": "f",
    "created_at": "c",
    "version": "v",
    "failures": "fl",
    "failing_since": "fs",
    "suspended_until": "su",
    "suspensions": "sn",
    "disabled_at": "da",
    "disabled_reason": "dr",
    "due_at": DUE_AT,
    "claimed_until": "cl",
    "woken_at": "wa",
}
"""The attributes of an endpoint's fields, but for the older secrets."""

OLD_SECRETS = "ov"
"""The attribute of the older versions of an endpoint's secret, with until when each signs."""

ORIGIN_HEADER = "x-noukai-origin"
"""The header with which CloudFront shows that a request came through it."""
