"""The outputs of jobs in answers."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from noukai_functions.api.statuses import Shown
from noukai_functions.jobs.lifecycle import Job, Payload
from noukai_functions.telemetry.logger import job_fields, logger
from noukai_wire.limits import MAX_RESULT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.jobs.objects import JobObjects


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of jobs: inline, by URL, or lost."""

    objects: "Callable[[], JobObjects]"

    def shown(self, job: Job) -> Shown:
        """Return a job's output for an answer; a large output is given by URL."""
        if job.result is not None:
            return _parsed(job, job.result)
        if job.result_object is None:
            return {}
        return _shown_object(job, job.result_object, self.objects())


def size_of(job: Job) -> int:
    """Return the number of bytes that a job's output takes in an answer."""
    if job.result_object is not None:
        return job.result_object.size if job.result_object.size <= MAX_RESULT_BYTES else 0
    return len(job.result or "")


def _shown_object(job: Job, payload: Payload, objects: "JobObjects") -> Shown:
    from noukai_functions.jobs.objects import PayloadLostError  # noqa: PLC0415 - few jobs have such a result

    try:
        if payload.size <= MAX_RESULT_BYTES:
            return _parsed(job, objects.read(payload.key, payload.sha256))
        objects.look_for(payload.key)
    except PayloadLostError as lost:
        return _lost(job, str(lost))
    return {
        "outputUrl": objects.link(payload.key),
        "outputBytes": payload.size,
        "outputSha256": payload.sha256,
    }


def _parsed(job: Job, content: str | bytes) -> Shown:
    try:
        return {"output": json.loads(content, parse_constant=_refuse)}
    except (ValueError, RecursionError) as error:
        return _lost(job, f"it is not JSON ({error})")


def _lost(job: Job, reason: str) -> Shown:
    logger().error("a result is lost", extra={**job_fields(job), "reason": reason})
    return {
        "error": f"ResultLost: the job is completed, but its result is lost: {reason}; submit the job again"
    }


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
