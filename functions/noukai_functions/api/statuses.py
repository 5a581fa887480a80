"""The statuses of jobs in answers. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from noukai_functions.api.answers import (
    entry_error,
    flow_address,
    for_published_sdks,
    poll_interval_headers,
)
from noukai_functions.api.endpoint import Response
from noukai_functions.api.errors import refusal_answer
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.refusals import UnreadableJobError
from noukai_functions.timestamps import timestamp

Shown = Mapping[str, Any]
"""The output fields of an answer: `output`; or `outputUrl`, `outputBytes` and `outputSha256`; or an `error`
if the output is lost.

Empty if the job has no output."""


def status_response(
    job: Job, shown: Shown, now: int, *, held: bool = False, progress: bool = False
) -> Response:
    """Return the job's status and its poll interval."""
    headers = {} if job.is_terminal else poll_interval_headers(job, now, held=held, progress=progress)
    return Response(job_status(job, shown), headers=headers)


def unreadable_entries(ids: Sequence[str]) -> dict[str, Any]:
    """Return the error entries of a page's unreadable jobs."""
    entries = [{"id": id_, **entry_error(refusal_answer(UnreadableJobError(id_)))} for id_ in ids]
    return {"errors": entries} if entries else {}


def job_status(job: Job, shown: Shown = MappingProxyType({})) -> dict[str, Any]:
    """Return the status of a job, with its output as `shown`.

    `None` values are omitted.
    """
    fields: dict[str, Any] = {
        "id": job.id,
        "state": job.state.value,
        "flow": flow_address(job),
        "createdAt": timestamp(job.created_at),
        "startedAt": timestamp(job.started_at),
        "completedAt": timestamp(job.completed_at),
        "stoppedAt": timestamp(job.stopped_at),
        "expiresAt": timestamp(job.expires_at and job.expires_at * 1000),
        "attempt": job.attempt or None,
        "maxAttempts": job.max_attempts,
        "progress": job.progress,
        "result": _result(job, shown),
        "error": job.error,
        "lastError": job.last_error,
        "metadata": job.metadata,
        "retryOf": job.retry_of,
        "executionId": job.id,
        "status": job.state.value,
    }
    if job.state is State.CANCELLED:
        # The published SDKs know only `completed` and `failed` as ends.
        fields |= {"status": State.FAILED.value, "error": "cancelled"}
    if "error" in shown:
        # The job stays completed; a failed status is the only way to tell these SDKs that the output is lost.
        fields |= {"status": State.FAILED.value, "error": shown["error"]}
    return {name: value for name, value in fields.items() if value is not None}


def job_outline(job: Job) -> dict[str, Any]:
    """Return a job's id, state and times, for a key without the read scope."""
    names = (
        "id",
        "state",
        "flow",
        "createdAt",
        "startedAt",
        "completedAt",
        "stoppedAt",
        "executionId",
        "status",
    )
    status = job_status(job)
    return {name: status[name] for name in names if name in status}


def execute_answer(job: Job, shown: Shown) -> dict[str, Any]:
    """Return the answer to `execute`. The published SDKs know only completed and failed."""
    result = _result(job, shown)
    if result is not None:
        return {**result, **({"result": result["output"]} if "output" in result else {})}
    status = job_status(job, shown)
    return {"status": State.FAILED.value, "error": status["error"], **for_published_sdks(job)}


def _result(job: Job, shown: Shown) -> Mapping[str, Any] | None:
    if not shown or "error" in shown:
        return None
    return {"status": State.COMPLETED.value, **shown, **for_published_sdks(job)}
