"""The bodies of requests and answers about webhook endpoints, and of the events that endpoints get."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from noukai_wire import limits
from noukai_wire.models import JobId, JobStatus, Timestamp, WireModel

EventType = Literal["job.completed", "job.failed", "job.cancelled"]
EVENT_TYPES: tuple[EventType, ...] = ("job.completed", "job.failed", "job.cancelled")
"""The types of events that an endpoint may ask for."""

TEST_EVENT = "webhook.test"
"""The type of an event that tests an endpoint; its data names the endpoint."""

# Only documented, not validated, because clients must accept the values of later versions.
_EventName = Annotated[str, Field(json_schema_extra={"enum": [*EVENT_TYPES, TEST_EVENT]})]
_DeliveryState = Annotated[str, Field(json_schema_extra={"enum": ["waiting", "delivered", "failed"]})]
WebhookId = Annotated[str, Field(json_schema_extra={"pattern": "^msg_[a-z2-7]{26}$"})]

FlowAddress = Annotated[str, StringConstraints(max_length=2 * limits.MAX_SLUG_LENGTH + 1)]


class WebhookSettings(WireModel):
    """The body that sets an endpoint: a URL that is told of jobs' ends.

    `events` selects the types, by default all three; `flow`, as `project/flow`, selects one flow's jobs.
    """

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_WEBHOOK_URL_LENGTH)]
    events: Annotated[list[EventType], Field(min_length=1, max_length=len(EVENT_TYPES))] | None = None
    flow: FlowAddress | None = None


class Webhook(WireModel):
    """A webhook endpoint of an org.

    Only the answers to its making and to its rotation have a `secret`, `whsec_…`, which is shown once. While
    deliveries fail, `failing_since` says since when; after five days the endpoint is disabled, and
    `disabled_reason` says why and what to do.
    """

    name: str
    url: str
    events: list[_EventName]
    flow: str | None = None
    created_at: Timestamp
    secret: str | None = None
    old_secrets_until: Timestamp | None = None
    """Until when the secrets before the last rotation also sign."""
    failing_since: Timestamp | None = None
    next_try_at: Timestamp | None = None
    """When waiting deliveries are sent next."""
    disabled_at: Timestamp | None = None
    disabled_reason: str | None = None

    def __repr__(self) -> str:
        # A secret that is printed ends up in a log.
        said = [f"{name}={value!r}" for name, value in self if value is not None and name != "secret"]
        return f"{type(self).__name__}({', '.join(said)})"


class WebhookList(WireModel):
    """The webhook endpoints of an org, by name."""

    webhooks: list[Webhook]


class WebhookRotation(WireModel):
    """The body of a rotation: with `revoke`, the old secrets sign no more; otherwise for another 24 hours."""

    model_config = ConfigDict(extra="forbid")

    revoke: bool = False


class WebhookTest(WireModel):
    """The answer to a test: the `webhook-id` of the event that is sent, by which its delivery is found."""

    id: WebhookId


class WebhookDelivery(WireModel):
    """The delivery of one event to one endpoint: waiting for its next try, delivered or failed.

    `status`, `duration_ms`, `answer` and `error` are those of the last try.
    """

    id: WebhookId
    type: _EventName
    state: _DeliveryState
    job_id: JobId | None = None
    flow: str | None = None
    created_at: Timestamp
    """The time of the event."""
    tries: int
    last_try_at: Timestamp | None = None
    next_try_at: Timestamp | None = None
    status: int | None = None
    """The status of the endpoint's answer; absent if it gave none."""
    duration_ms: int | None = None
    answer: str | None = None
    """The beginning of the endpoint's answer."""
    error: str | None = None
    """Why there was no answer, or why it is not sent."""


class WebhookDeliveryList(WireModel):
    """A page of an endpoint's deliveries, newest first. Only a missing `cursor` marks the end."""

    deliveries: list[WebhookDelivery]
    cursor: str | None = None


class WebhookDeliveryQuery(WireModel):
    """The query of a list of deliveries: `cursor` comes from the previous page."""

    limit: Annotated[int, Field(ge=1, le=limits.MAX_LIST_LIMIT)] = limits.DEFAULT_LIST_LIMIT
    cursor: str | None = None


class WebhookRedelivery(WireModel):
    """The body of a request that sends events again which were not delivered, with their `webhook-id`.

    `since` is the first included time of an event; events are kept for seven days. `cursor` comes from the
    previous page.
    """

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime
    cursor: str | None = None


class RedeliveredEvents(WireModel):
    """The number of events that a request sends again. With a `cursor`, the next request sends more."""

    redelivered: int
    cursor: str | None = None


class WebhookJobStatus(JobStatus):
    """The status of the job that an event tells of; a large result is left out."""

    result_omitted: bool | None = None
    """Whether a result of more than 20 KB was left out: fetch the job's status for it."""


class WebhookEvent(WireModel):
    """The body that an endpoint gets: that a job has ended, or a test."""

    type: _EventName
    timestamp: Timestamp
    data: dict[str, Any]
    """The job's status, a `WebhookJobStatus`; of a test, the endpoint's name."""

    @property
    def job(self) -> WebhookJobStatus:
        """Return the status of the job that the event tells of."""
        return WebhookJobStatus.model_validate(self.data)
