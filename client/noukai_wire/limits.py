"""Every limit of the API, in one place."""

MAX_BODY_BYTES = 256 * 1024
MAX_RESULT_BYTES = 256 * 1024
"""Of a result in an answer; a larger one is behind a URL."""

MAX_PAYLOAD_BYTES = 100 * 1024 * 1024
"""Of an input that is uploaded, and of what a flow returns."""

MAX_ROW_RESULT_BYTES = 8 * 1024
"""Of a result in its job's row: a larger one costs less as an object."""

KEPT_DAYS = (2, 8, 16, 32, 64, 128, 256, 512, 750)
"""For how many days an uploaded input or a large result is kept: the least of these that the job needs.

A job of the longest kind waits for a year, has eight days to start, is kept for a year and retried for eight days.
"""

MAX_JSON_DEPTH = 32
MAX_BATCH_SIZE = 100
"""How many jobs one request can submit, or ask for."""

MAX_ERROR_BYTES = 2 * 1024

MIN_SLUG_LENGTH = 2
MAX_SLUG_LENGTH = 50

MAX_IDEMPOTENCY_KEY_LENGTH = 255

MAX_WAIT_SECONDS = 20
MAX_EXECUTE_SECONDS = 25

DEFAULT_LIST_LIMIT = 20
MAX_LIST_LIMIT = 100

MAX_DELAY_SECONDS = 15 * 60
"""What one SQS message can wait."""

MAX_RUN_AHEAD_SECONDS = 365 * 24 * 60 * 60
"""From the submission to `runAt`."""

MAX_SCHEDULED_BYTES = 256 * 1024
"""Of the message that waits in a schedule for its `runAt`: what EventBridge Scheduler takes."""

MAX_TIMEOUT_SECONDS = 14 * 60
"""A Lambda function runs for 15 minutes at most; the last minute is for starting, stopping and settling."""

WORKER_MARGIN_SECONDS = 10
"""Of a worker's own time, beside the flow and its grace: for starting and settling."""

MAX_ATTEMPTS = 20

MAX_BACKOFF_SECONDS = 15 * 60
"""The longest pause before a retry: twenty of them pass before a message expires."""

MAX_METADATA_ENTRIES = 16
MAX_METADATA_KEY_LENGTH = 64
MAX_METADATA_VALUE_LENGTH = 256

MAX_USAGE_DAYS = 366
"""What one report of usage can cover."""

DEFAULT_UNFINISHED_JOBS = 1_000_000
"""How many jobs of an org may be unfinished, unless its operator allows more or fewer."""

DEFAULT_LATER_JOBS = 100_000
"""How many of them may be ones that a schedule sends; an account has a million schedules by default."""

MIN_KEEP_SECONDS = 60 * 60
DEFAULT_KEEP_SECONDS = 7 * 24 * 60 * 60
MAX_KEEP_SECONDS = 365 * 24 * 60 * 60
