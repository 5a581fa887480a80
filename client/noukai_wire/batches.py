"""The bodies and answers of requests for many jobs, with an outcome per job."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from noukai_wire import limits
from noukai_wire.answers import ErrorDetail
from noukai_wire.models import JobAccepted, JobStatus, Submission, WireModel
from noukai_wire.parameters import IdempotencyKey


class BatchEntry(Submission):
    """A submission of a batch.

    Without its own idempotency key, it gets one from the batch's key and its place.
    """

    idempotency_key: IdempotencyKey | None = None


class Batch(WireModel):
    """The body of a request that submits many jobs of a flow.

    Each entry is validated on its own, so that an invalid one does not fail the others.
    """

    model_config = ConfigDict(extra="forbid")

    jobs: Annotated[list[BatchEntry | Any], Field(min_length=1, max_length=limits.MAX_BATCH_SIZE)]


class AcceptedEntry(WireModel):
    """The outcome of a submission: its `job`, or its `error` as in a request of its own."""

    job: JobAccepted | None = None
    error: ErrorDetail | None = None


class AcceptedBatch(WireModel):
    """The answer to a batch: an entry for each submission, in order."""

    jobs: list[AcceptedEntry]


class JobIds(WireModel):
    """The body of a request for the status of many jobs.

    An id that is not a job of the caller's org is reported as unknown.
    """

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(min_length=1, max_length=limits.MAX_BATCH_SIZE)]


class StatusEntry(WireModel):
    """One of the requested jobs: the `job`, or an `error`.

    `retry_after_ms` is the poll interval of a job that has not ended. The error `UNAVAILABLE` means that the
    job had no room in this answer: ask for it again.
    """

    id: str
    job: JobStatus | None = None
    error: ErrorDetail | None = None
    retry_after_ms: int | None = None


class StatusList(WireModel):
    """The statuses of many jobs: an entry for each id, in order."""

    jobs: list[StatusEntry]
