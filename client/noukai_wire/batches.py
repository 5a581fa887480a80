"""The bodies of requests for many jobs at once, and their answers, with an outcome per job."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from noukai_wire import limits
from noukai_wire.answers import ErrorDetail
from noukai_wire.models import JobAccepted, JobStatus, Submission, WireModel
from noukai_wire.parameters import IdempotencyKey


class BatchEntry(Submission):
    """One submission of a batch.

    Without a key of its own its job is named by the batch's key and its place in it.
    """

    idempotency_key: IdempotencyKey | None = None


class Batch(WireModel):
    """The body of a request that submits many jobs of a flow.

    Whatever else an entry is, it is refused on its own.
    """

    model_config = ConfigDict(extra="forbid")

    jobs: Annotated[list[BatchEntry | Any], Field(min_length=1, max_length=limits.MAX_BATCH_SIZE)]


class AcceptedEntry(WireModel):
    """The outcome of one submission: its `job`, or the `error` of a request of its own."""

    job: JobAccepted | None = None
    error: ErrorDetail | None = None


class AcceptedBatch(WireModel):
    """The answer to a batch: an entry for each of its submissions, in their order."""

    jobs: list[AcceptedEntry]


class JobIds(WireModel):
    """The body of a request for the status of many jobs.

    An id that is no job of the caller's is an unknown one.
    """

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(min_length=1, max_length=limits.MAX_BATCH_SIZE)]


class StatusEntry(WireModel):
    """One of the jobs that were asked for: the `job` as it stands, or the `error` that is there instead.

    `retry_after_ms` says when a job that has not ended is worth another look. A job whose error is
    `UNAVAILABLE` had no place in this answer: it has to be asked for again.
    """

    id: str
    job: JobStatus | None = None
    error: ErrorDetail | None = None
    retry_after_ms: int | None = None


class StatusList(WireModel):
    """The status of many jobs: an entry for each id, in their order."""

    jobs: list[StatusEntry]
