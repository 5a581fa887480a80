"""The request and the answer of each route, from which the OpenAPI document is made.

The models need pydantic, so that only the build step and tests import this, no function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from noukai_wire import keys, models, webhooks
from noukai_wire.answers import Health, OpenApi
from noukai_wire.batches import AcceptedBatch, Batch, JobIds, StatusList
from noukai_wire.errors import ErrorCode
from noukai_wire.flows import FlowList
from noukai_wire.health import HealthReport
from noukai_wire.logs import EventList, LogPage, LogQuery
from noukai_wire.parameters import SubmissionHeaders, TraceHeaders, UsageQuery, WaitQuery
from noukai_wire.routes import Route
from noukai_wire.runs import RunStepTrace, RunTrace, StepQuery
from noukai_wire.schedules import NewSchedule, Schedule, ScheduleList, ScheduleQuery
from noukai_wire.tokens import BrowserToken, NewToken
from noukai_wire.uploads import JobInput, Upload, UploadTarget
from noukai_wire.usage import UsageReport


@dataclass(frozen=True, slots=True)
class Operation:
    """The operation of a route, with the models of its request and answer.

    `answer` is None if the answer has no body. `is_public` operations need no key; the scopes of others are
    in the route. The fields of `request_headers` and `query` are headers and query parameters; `example` is
    an example body. `errors` are those beyond the ones implied by the path, the key and the models.
    `has_poll_interval` answers may have a poll interval; `is_stream` answers are server-sent events. With
    `may_create`, the answer for a new resource is 201 instead.
    """

    summary: str
    answer: type[models.WireModel] | None
    is_public: bool = False
    request: type[models.WireModel] | None = None
    example: Mapping[str, Any] | None = None
    request_headers: type[models.WireModel] | None = None
    query: type[models.WireModel] | None = None
    status: HTTPStatus = HTTPStatus.OK
    errors: tuple[ErrorCode, ...] = ()
    has_poll_interval: bool = False
    is_stream: bool = False
    may_create: bool = False

    def every_error(self, route: Route) -> frozenset[ErrorCode]:
        """Return every error code that the route may answer with."""
        codes = {*self.errors, ErrorCode.INTERNAL_ERROR, ErrorCode.UNAVAILABLE, ErrorCode.RATE_LIMITED}
        if not self.is_public:
            codes.add(ErrorCode.UNAUTHENTICATED)
        if route.scopes or "{org}" in route.template:
            codes.add(ErrorCode.FORBIDDEN)
        if "{name}" in route.template:
            codes.add(ErrorCode.NOT_FOUND)
        if "{id}" in route.template:
            codes.add(ErrorCode.JOB_NOT_FOUND)
        elif "{flow}" in route.template:
            codes.add(ErrorCode.FLOW_NOT_FOUND)
        if self.request is not None:
            codes |= {ErrorCode.PAYLOAD_TOO_LARGE, ErrorCode.INVALID_JSON}
        if self.request or self.request_headers or self.query:
            codes.add(ErrorCode.INVALID_INPUT)
        return frozenset(codes)


_NEW_JOB_ERRORS = (ErrorCode.MISSING_MESSAGE, ErrorCode.IDEMPOTENCY_CONFLICT, ErrorCode.INSUFFICIENT_CREDITS)

_SUBMISSION = {"message": "to be or not to be", "parameters": {"top": 3}, "options": {"maxAttempts": 5}}

_SUBMIT = Operation(
    "Submit a job",
    models.JobAccepted,
    request=models.Submission,
    example=_SUBMISSION,
    request_headers=SubmissionHeaders,
    status=HTTPStatus.ACCEPTED,
    errors=_NEW_JOB_ERRORS,
    has_poll_interval=True,
)
_EXECUTE = Operation(
    "Submit a job and show what it has returned, if it ends within 25 seconds",
    models.ExecuteAnswer,
    request=models.Submission,
    example=_SUBMISSION,
    request_headers=SubmissionHeaders,
    errors=(*_NEW_JOB_ERRORS, ErrorCode.EXECUTE_TIMEOUT),
)
_SUBMIT_JOBS = Operation(
    "Submit up to a hundred jobs; each is accepted or refused on its own",
    AcceptedBatch,
    request=Batch,
    example={"jobs": [{"message": "to be", "idempotencyKey": "line-1"}, {"message": "or not"}]},
    request_headers=SubmissionHeaders,
    status=HTTPStatus.ACCEPTED,
)
_STATUS = Operation("Show a job as it stands", models.JobStatus, has_poll_interval=True)
_WAIT = Operation(
    "Show a job, held back until it is terminal where its end is near",
    models.JobStatus,
    query=WaitQuery,
    has_poll_interval=True,
)
_LOGS = Operation(
    "Show what a job's flow has printed and logged, held back until there is more",
    LogPage,
    query=LogQuery,
    has_poll_interval=True,
)
_EVENTS = Operation("Show what has happened to a job", EventList)
_INPUT = Operation("Show the input of a job, where it is kept", JobInput, errors=(ErrorCode.NOT_FOUND,))
_CANCEL = Operation("Cancel a job, at once and for good", models.JobStatus, has_poll_interval=True)
_RETRY = Operation(
    "Submit the input of a failed or cancelled job again, as a new job",
    models.JobAccepted,
    request_headers=TraceHeaders,
    status=HTTPStatus.ACCEPTED,
    errors=(ErrorCode.INVALID_INPUT, ErrorCode.FLOW_NOT_FOUND, ErrorCode.INSUFFICIENT_CREDITS),
    has_poll_interval=True,
)

_LIST = Operation(
    "List the jobs of a flow, a project or an org, the newest first", models.JobList, query=models.JobQuery
)

_SCHEDULE = {
    "flow": "demo/word-count",
    "cron": "0 9 * * mon-fri",
    "zone": "Europe/Berlin",
    "message": "to be",
}
_ON_SCHEDULE = Operation("", Schedule, errors=(ErrorCode.INVALID_INPUT,))

OPERATIONS: Mapping[Route, Operation] = {
    **dict.fromkeys((Route.SUBMIT, Route.SUBMIT_VERSION), _SUBMIT),
    Route.UPLOAD: Operation(
        "Get a place to upload an input to that is too large for a body",
        UploadTarget,
        request=Upload,
        example={"bytes": 1_048_576, "sha256": sha256(bytes(1_048_576)).hexdigest()},
    ),
    Route.SUBMIT_JOBS: _SUBMIT_JOBS,
    **dict.fromkeys((Route.EXECUTE, Route.EXECUTE_VERSION), _EXECUTE),
    **dict.fromkeys((Route.STATUS, Route.STATUS_BY_ID), _STATUS),
    Route.STATUSES: Operation(
        "Show up to a hundred jobs as they stand",
        StatusList,
        request=JobIds,
        example={"ids": ["job_abcdefghijklmnopqrstuvwxyz", "job_234567abcdefghijklmnopqrst"]},
    ),
    **dict.fromkeys((Route.WAIT, Route.WAIT_BY_ID), _WAIT),
    **dict.fromkeys((Route.LOGS, Route.LOGS_BY_ID), _LOGS),
    **dict.fromkeys((Route.EVENTS, Route.EVENTS_BY_ID), _EVENTS),
    **dict.fromkeys((Route.INPUT, Route.INPUT_BY_ID), _INPUT),
    Route.TRACE: Operation("Show a job as a run, with its attempts as steps", RunTrace),
    Route.STEP_TRACE: Operation(
        "Show one attempt of a job as the step of a run",
        RunStepTrace,
        query=StepQuery,
        errors=(ErrorCode.NOT_FOUND,),
    ),
    Route.TRACE_STREAM: Operation(
        "Show the same as server-sent events, held until the job has ended, for 25 seconds at most",
        RunTrace,
        is_stream=True,
    ),
    **dict.fromkeys((Route.CANCEL, Route.CANCEL_BY_ID), _CANCEL),
    **dict.fromkeys((Route.RETRY, Route.RETRY_BY_ID), _RETRY),
    Route.LIST_JOBS: _LIST,
    Route.LIST_PROJECT: replace(_LIST, errors=(ErrorCode.NOT_FOUND,)),
    Route.LIST_ORG: _LIST,
    Route.CANCEL_JOBS: Operation(
        "Cancel the jobs of a flow that wait or run",
        models.CancelledJobs,
        request=models.JobCancellation,
        example={"state": "pending", "createdBefore": "2026-01-31T12:00:00Z"},
    ),
    Route.LIST_SCHEDULES: Operation("List the schedules of the org of the key", ScheduleList),
    Route.PUT_SCHEDULE: Operation(
        "Create or replace a schedule",
        Schedule,
        request=NewSchedule,
        example=_SCHEDULE,
        errors=(ErrorCode.FLOW_NOT_FOUND, ErrorCode.MISSING_MESSAGE),
        may_create=True,
    ),
    Route.SCHEDULE: Operation(
        "Show a schedule with its next instants and its latest jobs", Schedule, query=ScheduleQuery
    ),
    Route.DELETE_SCHEDULE: replace(
        _ON_SCHEDULE, summary="Delete a schedule", answer=None, status=HTTPStatus.NO_CONTENT
    ),
    Route.PAUSE_SCHEDULE: Operation("Pause a schedule", Schedule),
    Route.RESUME_SCHEDULE: Operation("Resume a paused schedule", Schedule),
    Route.TRIGGER_SCHEDULE: Operation(
        "Submit the job of a schedule now, beside its instants",
        models.JobAccepted,
        request_headers=SubmissionHeaders,
        status=HTTPStatus.ACCEPTED,
        errors=(
            ErrorCode.FLOW_NOT_FOUND,
            ErrorCode.MISSING_MESSAGE,
            ErrorCode.IDEMPOTENCY_CONFLICT,
            ErrorCode.INSUFFICIENT_CREDITS,
        ),
        has_poll_interval=True,
    ),
    Route.LIST_WEBHOOKS: Operation("List the webhook endpoints of the org of the key", webhooks.WebhookList),
    Route.PUT_WEBHOOK: Operation(
        "Create or change a webhook endpoint, and enable it",
        webhooks.Webhook,
        request=webhooks.WebhookSettings,
        example={"url": "https://hooks.example.com/jobs", "events": ["job.failed"]},
        may_create=True,
    ),
    Route.WEBHOOK: Operation("Show a webhook endpoint", webhooks.Webhook, errors=(ErrorCode.INVALID_INPUT,)),
    Route.DELETE_WEBHOOK: Operation(
        "Delete a webhook endpoint", None, status=HTTPStatus.NO_CONTENT, errors=(ErrorCode.INVALID_INPUT,)
    ),
    Route.ROTATE_WEBHOOK: Operation(
        "Make a new secret for a webhook endpoint",
        webhooks.Webhook,
        request=webhooks.WebhookRotation,
        example={"revoke": False},
    ),
    Route.TEST_WEBHOOK: Operation(
        "Send a test event to a webhook endpoint",
        webhooks.WebhookTest,
        status=HTTPStatus.ACCEPTED,
        errors=(ErrorCode.INVALID_INPUT,),
    ),
    Route.WEBHOOK_DELIVERIES: Operation(
        "List the deliveries to a webhook endpoint, the newest first",
        webhooks.WebhookDeliveryList,
        query=webhooks.WebhookDeliveryQuery,
    ),
    Route.REDELIVER: Operation(
        "Send the events again that a webhook endpoint has missed",
        webhooks.RedeliveredEvents,
        request=webhooks.WebhookRedelivery,
        example={"since": "2026-01-31T12:00:00Z"},
        status=HTTPStatus.ACCEPTED,
    ),
    Route.LIST_KEYS: Operation("List the keys that the org has made for itself", keys.KeyList),
    Route.CREATE_KEY: Operation(
        "Make a key that is no wider than the caller's, or rotate one",
        keys.Key,
        request=keys.NewKey,
        example={"name": "ci", "scopes": ["submit", "read"], "flows": ["demo/word-count"]},
        status=HTTPStatus.CREATED,
        errors=(ErrorCode.NOT_FOUND,),
    ),
    Route.REVOKE_KEY: Operation(
        "Revoke a key that the org has made",
        None,
        status=HTTPStatus.NO_CONTENT,
        errors=(ErrorCode.INVALID_INPUT,),
    ),
    Route.MAKE_TOKEN: Operation(
        "Make a short-lived token for a browser",
        BrowserToken,
        request=NewToken,
        example={"flow": "demo/word-count", "origin": "https://app.example.com"},
        status=HTTPStatus.CREATED,
        errors=(ErrorCode.FLOW_NOT_FOUND, ErrorCode.JOB_NOT_FOUND),
    ),
    Route.FLOWS: Operation("List the flows of the deployment", FlowList),
    Route.USAGE: Operation(
        "Show what the org of the key has used, by day and flow", UsageReport, query=UsageQuery
    ),
    Route.SYSTEM_HEALTH: Operation(
        "Show what waits, runs and fails by worker kind, and the dead letters", HealthReport
    ),
    Route.OPENAPI: Operation(
        "Show this document; with a key, also each flow's own input",
        OpenApi,
        is_public=True,
        errors=(ErrorCode.UNAUTHENTICATED,),
    ),
    Route.HEALTH: Operation("Say whether the API answers", Health, is_public=True),
}
"""The operations by route. A test ensures that no route is missing, since it would not be documented."""
