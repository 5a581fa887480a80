"""Every limit of the API."""

MAX_BODY_BYTES = 256 * 1024
MAX_RESULT_BYTES = 256 * 1024
"""The largest result in an answer; a larger one is given by URL."""

MAX_PAYLOAD_BYTES = 100 * 1024 * 1024
"""The largest uploaded input, and the largest result of a flow."""

MAX_ROW_RESULT_BYTES = 8 * 1024
"""The largest result in a job's row; a larger one costs less as an object."""

KEPT_DAYS = (2, 8, 16, 32, 64, 128, 256, 512, 750)
"""The retention classes of uploaded inputs and large results, in days; the smallest sufficient one is used.

The longest need is a wait of a year, eight days to start, a year of retention and eight days for a retry."""

MAX_JSON_DEPTH = 32
MAX_BATCH_SIZE = 100
"""The most jobs that one request can submit or ask for."""

MAX_ERROR_BYTES = 2 * 1024

MIN_SLUG_LENGTH = 2
MAX_SLUG_LENGTH = 50

MAX_IDEMPOTENCY_KEY_LENGTH = 255

MAX_WAIT_SECONDS = 20
MAX_EXECUTE_SECONDS = 25

DEFAULT_LIST_LIMIT = 20
MAX_LIST_LIMIT = 100

DEFAULT_LOG_LIMIT = 100
MAX_LOG_LIMIT = 1000
"""The most lines of a log in one answer."""

LEAST_SECRET = 8
"""The fewest characters of a secret: masking a shorter one would hide ordinary words, and so tell it."""

MAX_DELAY_SECONDS = 15 * 60
"""The longest delay of an SQS message."""

MAX_RUN_AHEAD_SECONDS = 365 * 24 * 60 * 60
"""The longest time between submission and `runAt`."""

MAX_SCHEDULED_BYTES = 256 * 1024
"""The largest message that waits in a schedule for its `runAt`: the limit of EventBridge Scheduler."""

MAX_TIMEOUT_SECONDS = 14 * 60
"""Lambda limits a function to 15 minutes; the last minute is for starting, stopping and settling."""

WORKER_MARGIN_SECONDS = 10
"""The time that a worker needs beside the flow and its grace: for starting and settling."""

MAX_ATTEMPTS = 20

MAX_BACKOFF_SECONDS = 15 * 60
"""The longest pause before a retry; twenty of them fit before a message expires."""

MAX_METADATA_ENTRIES = 16
MAX_METADATA_KEY_LENGTH = 64
MAX_METADATA_VALUE_LENGTH = 256

MAX_USAGE_DAYS = 366
"""The longest period of a usage report."""

DEFAULT_UNFINISHED_JOBS = 1_000_000
"""The limit of an org's unfinished jobs, unless its operator sets another."""

DEFAULT_LATER_JOBS = 100_000
"""The limit of an org's scheduled jobs; an account has a million schedules by default."""

MAX_SCHEDULES = 200
"""The most schedules of an org, without those in code."""

MAX_CRON_LENGTH = 200
MAX_ZONE_LENGTH = 64
DEFAULT_NEXT_INSTANTS = 5
MAX_NEXT_INSTANTS = 100
SHOWN_SCHEDULED_JOBS = 5
"""The latest jobs of a schedule that an answer has."""

SHOWN_SCHEDULE_NOTES = 5
"""The latest instants without a job that an answer has."""

SCHEDULE_METADATA_ENTRIES = 2
"""The entries that a schedule adds to the metadata of its jobs: its name and the instant."""

MIN_KEEP_SECONDS = 60 * 60
DEFAULT_KEEP_SECONDS = 7 * 24 * 60 * 60
MAX_KEEP_SECONDS = 365 * 24 * 60 * 60

MAX_KEYS = 50
"""The most keys that an org may make for itself."""
MAX_KEY_RANGES = 50
"""The most entries of each limit of a key."""
MAX_KEY_RATE = 100_000
"""The highest rate limit of a key, in calls a second."""
MAX_KEY_OVERLAP_SECONDS = 30 * 24 * 60 * 60
"""How long a rotated key may go on working, in seconds."""
MAX_WEBHOOKS = 10
"""The most webhook endpoints of an org."""

MAX_WEBHOOK_URL_LENGTH = 2048

MAX_WAITING_DELIVERIES = 10_000
"""The most deliveries that wait for one endpoint; further events fail, and are listed as failed."""

MAX_WEBHOOK_RESULT_BYTES = 20 * 1024
"""The largest result in an event; a larger one is left out."""

MAX_WEBHOOK_ANSWER_BYTES = 512
"""How much of an endpoint's answer is kept."""

MAX_WEBHOOK_TRIES = 10

KEPT_DELIVERY_DAYS = 7
"""How long deliveries are kept."""

DEFAULT_TOKEN_SECONDS = 10 * 60
MAX_TOKEN_SECONDS = 60 * 60
"""The longest validity of a browser token: it outlives the revocation of its key by at most this time."""

MIN_TOKEN_SECONDS = 10

MAX_TOKEN_ORIGIN_LENGTH = 96
"""The longest origin of a browser token, so that the token keeps to 512 characters."""
