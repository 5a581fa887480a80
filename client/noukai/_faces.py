"""The public names of `noukai`, loaded when the first of them is used."""

from ._io import lean_httpx as lean_httpx  # noqa: PLC0414 - before whatever else imports httpx  # isort: skip

from noukai_wire.flows import FlowDescription
from noukai_wire.health import HealthReport, WorkerHealth
from noukai_wire.keys import Key
from noukai_wire.logs import Event, LogLine
from noukai_wire.models import ExecuteResult, JobAccepted, JobStatus
from noukai_wire.schedules import InstantNote, ScheduledJob
from noukai_wire.tokens import BrowserToken
from noukai_wire.uploads import JobInput
from noukai_wire.usage import DayUse, UsageReport, Use
from noukai_wire.webhooks import Webhook, WebhookDelivery

from ._as_completed import as_completed
from ._client import AsyncNoukai, Noukai
from ._core.listing import JobSelection, UnreadableJobWarning
from ._core.logs import LogSelection
from ._core.managing.keys import KeyOptions
from ._core.managing.schedules import ScheduleOptions
from ._core.sending.submission import AttemptOptions, JobOptions
from ._core.settings import ClientOptions
from ._display.shown import FlowTable, JobTable
from ._errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectionFailedError,
    FlowNotFoundError,
    InsufficientCreditsError,
    InvalidArgumentError,
    InvalidInputError,
    JobCancelledError,
    JobError,
    JobFailedError,
    JobNotFoundError,
    NotFoundError,
    NoukaiError,
    OutputMismatchError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ResultLostError,
    ServerError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from ._flow import AsyncFlow, Flow
from ._job import AsyncJob, Job
from ._keys import AsyncKeys, Keys
from ._log import AsyncJobLog, JobLog
from ._schedules import AsyncSchedule, AsyncSchedules, Schedule, Schedules
from ._tokens import AsyncTokens, Tokens
from ._webhooks import AsyncWebhooks, Webhooks

__all__ = [
    "ApiError",
    "AsyncFlow",
    "AsyncJob",
    "AsyncJobLog",
    "AsyncKeys",
    "AsyncNoukai",
    "AsyncSchedule",
    "AsyncSchedules",
    "AsyncTokens",
    "AsyncWebhooks",
    "AttemptOptions",
    "AuthenticationError",
    "BrowserToken",
    "ClientOptions",
    "ConflictError",
    "ConnectionFailedError",
    "DayUse",
    "Event",
    "ExecuteResult",
    "Flow",
    "FlowDescription",
    "FlowNotFoundError",
    "FlowTable",
    "HealthReport",
    "InstantNote",
    "InsufficientCreditsError",
    "InvalidArgumentError",
    "InvalidInputError",
    "Job",
    "JobAccepted",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "JobInput",
    "JobLog",
    "JobNotFoundError",
    "JobOptions",
    "JobSelection",
    "JobStatus",
    "JobTable",
    "Key",
    "KeyOptions",
    "Keys",
    "LogLine",
    "LogSelection",
    "NotFoundError",
    "Noukai",
    "NoukaiError",
    "OutputMismatchError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RateLimitedError",
    "RequestTimeoutError",
    "ResultLostError",
    "Schedule",
    "ScheduleOptions",
    "ScheduledJob",
    "Schedules",
    "ServerError",
    "Tokens",
    "UnexpectedAnswerError",
    "UnreadableJobWarning",
    "UsageReport",
    "Use",
    "WaitTimeoutError",
    "Webhook",
    "WebhookDelivery",
    "Webhooks",
    "WorkerHealth",
    "as_completed",
]
