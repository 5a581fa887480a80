"""The client of a self-hosted background-job API.

    with Noukai(api_key="nk_…", org="acme", project="demo") as client:
        job = client.flow("word-count").job(message="to be or not to be")
        print(job.wait(timeout_ms=60_000).output)

`AsyncNoukai` is the same, to be awaited.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from ._faces import (
        ApiError,
        AsyncFlow,
        AsyncJob,
        AsyncJobLog,
        AsyncKeys,
        AsyncNoukai,
        AsyncSchedule,
        AsyncSchedules,
        AsyncTokens,
        AsyncWebhooks,
        AttemptOptions,
        AuthenticationError,
        BrowserToken,
        ClientOptions,
        ConflictError,
        ConnectionFailedError,
        DayUse,
        Event,
        ExecuteResult,
        Flow,
        FlowDescription,
        FlowNotFoundError,
        FlowTable,
        HealthReport,
        InstantNote,
        InsufficientCreditsError,
        InvalidArgumentError,
        InvalidInputError,
        Job,
        JobAccepted,
        JobCancelledError,
        JobError,
        JobFailedError,
        JobInput,
        JobLog,
        JobNotFoundError,
        JobOptions,
        JobSelection,
        JobStatus,
        JobTable,
        Key,
        KeyOptions,
        Keys,
        LogLine,
        LogSelection,
        NotFoundError,
        Noukai,
        NoukaiError,
        OutputMismatchError,
        PayloadTooLargeError,
        PermissionDeniedError,
        RateLimitedError,
        RequestTimeoutError,
        ResultLostError,
        Schedule,
        ScheduledJob,
        ScheduleOptions,
        Schedules,
        ServerError,
        Tokens,
        UnexpectedAnswerError,
        UnreadableJobWarning,
        UsageReport,
        Use,
        WaitTimeoutError,
        Webhook,
        WebhookDelivery,
        Webhooks,
        WorkerHealth,
        as_completed,
    )

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


def __getattr__(name: str) -> typing.Any:
    """Load the client when one of its names is first used, since modules of flows need only `noukai.flow`."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        faces = importlib.import_module("._faces", __name__)
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}._faces":
            raise
        message = f"{name!r} needs the client, but only `noukai.flow` is installed here"
        raise ImportError(message, name=__name__) from None
    globals().update((each, getattr(faces, each)) for each in __all__)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
