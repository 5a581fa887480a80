"""The functions that answer the routes of the API, and what each may do."""

from dataclasses import dataclass

from noukai_wire.routes import Route


@dataclass(frozen=True)
class Answerer:
    """The settings of a function that answers routes: its access to tables, queues, schedules and objects."""

    entry: str
    routes: tuple[Route, ...]
    job_actions: tuple[str, ...] = ()
    payload_actions: tuple[str, ...] = ()
    lists: bool = False
    holds: bool = False
    sends: bool = False
    delays_messages: bool = False
    reads_delayed: bool = False
    withdraws: bool = False
    submits: bool = False
    """Whether it makes jobs: it refuses them by the org's budget, and may be audited."""
    reports_use: bool = False
    hooks: bool = False
    """Whether it manages webhook endpoints."""
    hook_secrets: bool = False
    """Whether it shows their secrets."""
    keeps_schedules: bool = False
    makes_keys: bool = False
    """Whether it writes API keys, as the only function of the API."""
    makes_tokens: bool = False
    """Whether it makes browser tokens, and with the first one the keys that sign them."""
    is_audited: bool = False
    """Whether it changes something on a caller's behalf, and so writes the audit log."""


_SUBMIT_ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_STATUS_ACTIONS = ("dynamodb:GetItem", "dynamodb:UpdateItem")
_CANCEL_ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_READ_PAYLOADS = ("s3:GetObject",)
_LISTING_ACTIONS = ("dynamodb:BatchGetItem", "dynamodb:UpdateItem")

ANSWERERS = (
    Answerer(
        "submit",
        (Route.SUBMIT, Route.SUBMIT_VERSION),
        _SUBMIT_ACTIONS,
        _READ_PAYLOADS,
        submits=True,
        sends=True,
        delays_messages=True,
    ),
    Answerer("upload", (Route.UPLOAD,), payload_actions=("s3:PutObject",)),
    Answerer(
        "submit_jobs",
        (Route.SUBMIT_JOBS,),
        _SUBMIT_ACTIONS,
        _READ_PAYLOADS,
        submits=True,
        sends=True,
        delays_messages=True,
    ),
    Answerer(
        "execute",
        (Route.EXECUTE, Route.EXECUTE_VERSION),
        _SUBMIT_ACTIONS,
        _READ_PAYLOADS,
        submits=True,
        holds=True,
        sends=True,
    ),
    Answerer(
        "retry",
        (Route.RETRY, Route.RETRY_BY_ID),
        _SUBMIT_ACTIONS,
        _READ_PAYLOADS,
        submits=True,
        sends=True,
    ),
    Answerer("status", (Route.STATUS, Route.STATUS_BY_ID), _STATUS_ACTIONS, payload_actions=_READ_PAYLOADS),
    Answerer(
        "statuses",
        (Route.STATUSES,),
        ("dynamodb:BatchGetItem", "dynamodb:UpdateItem"),
        payload_actions=_READ_PAYLOADS,
    ),
    Answerer(
        "wait", (Route.WAIT, Route.WAIT_BY_ID), _STATUS_ACTIONS, payload_actions=_READ_PAYLOADS, holds=True
    ),
    Answerer(
        "logs",
        (Route.LOGS, Route.LOGS_BY_ID),
        (*_STATUS_ACTIONS, "dynamodb:BatchGetItem"),
        payload_actions=_READ_PAYLOADS,
        holds=True,
    ),
    Answerer(
        "trace",
        (Route.TRACE, Route.STEP_TRACE, Route.TRACE_STREAM),
        _STATUS_ACTIONS,
        payload_actions=_READ_PAYLOADS,
        holds=True,
    ),
    Answerer(
        "events",
        (Route.EVENTS, Route.EVENTS_BY_ID, Route.INPUT, Route.INPUT_BY_ID),
        _STATUS_ACTIONS,
        payload_actions=_READ_PAYLOADS,
        reads_delayed=True,
    ),
    Answerer(
        "cancel",
        (Route.CANCEL, Route.CANCEL_BY_ID),
        _CANCEL_ACTIONS,
        payload_actions=_READ_PAYLOADS,
        withdraws=True,
        is_audited=True,
    ),
    Answerer(
        "list_jobs", (Route.LIST_JOBS, Route.LIST_PROJECT, Route.LIST_ORG), _LISTING_ACTIONS, lists=True
    ),
    Answerer(
        "cancel_jobs",
        (Route.CANCEL_JOBS,),
        (*_LISTING_ACTIONS, "dynamodb:PutItem"),
        lists=True,
        withdraws=True,
        is_audited=True,
    ),
    Answerer(
        "schedules",
        (
            Route.LIST_SCHEDULES,
            Route.PUT_SCHEDULE,
            Route.SCHEDULE,
            Route.DELETE_SCHEDULE,
            Route.PAUSE_SCHEDULE,
            Route.RESUME_SCHEDULE,
            Route.TRIGGER_SCHEDULE,
        ),
        (*_SUBMIT_ACTIONS, "dynamodb:BatchGetItem"),
        _READ_PAYLOADS,
        submits=True,
        sends=True,
        keeps_schedules=True,
        is_audited=True,
    ),
    Answerer(
        "webhooks",
        (
            Route.LIST_WEBHOOKS,
            Route.WEBHOOK,
            Route.DELETE_WEBHOOK,
            Route.TEST_WEBHOOK,
            Route.WEBHOOK_DELIVERIES,
            Route.REDELIVER,
        ),
        hooks=True,
        is_audited=True,
    ),
    Answerer(
        "webhook_secrets",
        (Route.PUT_WEBHOOK, Route.ROTATE_WEBHOOK),
        hooks=True,
        hook_secrets=True,
        is_audited=True,
    ),
    Answerer(
        "keys",
        (Route.LIST_KEYS, Route.CREATE_KEY, Route.REVOKE_KEY, Route.MAKE_TOKEN),
        _STATUS_ACTIONS,
        makes_keys=True,
        makes_tokens=True,
        is_audited=True,
    ),
    Answerer("usage", (Route.USAGE, Route.SYSTEM_HEALTH), reports_use=True),
    Answerer("describe", (Route.FLOWS, Route.OPENAPI, Route.HEALTH)),
)
