"""The functions behind the gateway by route."""

from collections.abc import Callable, Mapping
from typing import Any

from noukai_functions.deployment import Deployment
from noukai_functions.handlers import (
    cancel,
    cancel_jobs,
    describe,
    events,
    execute,
    keys,
    list_jobs,
    logs,
    retry,
    schedules,
    status,
    statuses,
    submit,
    submit_jobs,
    trace,
    upload,
    usage,
    wait,
    webhook_secrets,
    webhooks,
)
from noukai_wire.routes import DEFAULT_ROUTE, Route

_BY_ROUTE: dict[str, Callable[[Mapping[str, Any], Deployment], dict[str, Any]]] = {
    **{route.key: submit.handler.answer for route in (Route.SUBMIT, Route.SUBMIT_VERSION)},
    Route.UPLOAD.key: upload.handler.answer,
    Route.SUBMIT_JOBS.key: submit_jobs.handler.answer,
    **{route.key: execute.handler.answer for route in (Route.EXECUTE, Route.EXECUTE_VERSION)},
    **{route.key: status.handler.answer for route in (Route.STATUS, Route.STATUS_BY_ID)},
    Route.STATUSES.key: statuses.handler.answer,
    **{route.key: wait.handler.answer for route in (Route.WAIT, Route.WAIT_BY_ID)},
    **{route.key: logs.handler.answer for route in (Route.LOGS, Route.LOGS_BY_ID)},
    **{route.key: trace.handler.answer for route in (Route.TRACE, Route.STEP_TRACE, Route.TRACE_STREAM)},
    **{
        route.key: events.handler.answer
        for route in (Route.EVENTS, Route.EVENTS_BY_ID, Route.INPUT, Route.INPUT_BY_ID)
    },
    **{route.key: retry.handler.answer for route in (Route.RETRY, Route.RETRY_BY_ID)},
    **{route.key: cancel.handler.answer for route in (Route.CANCEL, Route.CANCEL_BY_ID)},
    **{
        route.key: list_jobs.handler.answer for route in (Route.LIST_JOBS, Route.LIST_PROJECT, Route.LIST_ORG)
    },
    Route.CANCEL_JOBS.key: cancel_jobs.handler.answer,
    **{route.key: keys.handler.answer for route in Route if "/keys" in route.template},
    **{route.key: schedules.handler.answer for route in Route if "/schedules" in route.template},
    **dict.fromkeys((Route.PUT_WEBHOOK.key, Route.ROTATE_WEBHOOK.key), webhook_secrets.handler.answer),
    **{
        route.key: webhooks.handler.answer
        for route in (
            Route.LIST_WEBHOOKS,
            Route.WEBHOOK,
            Route.DELETE_WEBHOOK,
            Route.TEST_WEBHOOK,
            Route.WEBHOOK_DELIVERIES,
            Route.REDELIVER,
        )
    },
    Route.MAKE_TOKEN.key: keys.handler.answer,
    **dict.fromkeys((Route.USAGE.key, Route.SYSTEM_HEALTH.key), usage.handler.answer),
    **dict.fromkeys((Route.FLOWS.key, Route.OPENAPI.key, Route.HEALTH.key, DEFAULT_ROUTE), describe.answer),
}
ENTRIES = _BY_ROUTE | {key: _BY_ROUTE[route.key] for route in Route for key in route.keys}
