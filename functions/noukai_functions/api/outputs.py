"""The outputs and inputs of jobs in answers."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from noukai_functions.api.statuses import Shown
from noukai_functions.jobs.lifecycle import Job, Payload, State
from noukai_functions.refusals import InputNotKeptError, UnreadableJobError
from noukai_functions.telemetry.logger import job_fields, logger
from noukai_wire.limits import MAX_RESULT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.delayed_messages import DelayedMessages
    from noukai_functions.jobs.objects import JobObjects
    from noukai_functions.jobs.queues.queue import Message
    from noukai_functions.jobs.saved_inputs import SavedInputs


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


_NOT_KEPT = {
    State.PENDING: "it is in the job's message until the job ends; one that fails or is cancelled keeps it",
    State.RUNNING: "it is in the job's message until the job ends; one that fails or is cancelled keeps it",
    State.COMPLETED: "only jobs that fail or are cancelled keep it; this one is completed",
    State.FAILED: "it was lost with the job's message",
    State.CANCELLED: "it is still in the message of the cancelled job, or was lost with it: look again later",
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of jobs: those that are stored anyway, for a retry or until the job is due."""

    saved_inputs: "SavedInputs"
    delayed_messages: "Callable[[], DelayedMessages]"
    objects: "Callable[[], JobObjects]"

    def shown(self, job: Job, now: int) -> Shown:
        """Return a job's message and parameters for an answer; an uploaded input is given by URL.

        Raises:
            InputNotKeptError: the input is not stored, or not any more.
        """
        message = self._message(job, now)
        if message is None:
            raise InputNotKeptError(_NOT_KEPT[job.state])
        if message.input is not None:
            return self._uploaded(job, message.input)
        parameters = {name: value for name, value in message.arguments.items() if name != "message"}
        stated = {"message": message.arguments["message"]} if "message" in message.arguments else {}
        return {**stated, "parameters": parameters}

    def _message(self, job: Job, now: int) -> "Message | None":
        from noukai_functions.jobs.queues.queue import LaterMessageError  # noqa: PLC0415 - few look at inputs

        try:
            if job.state in (State.FAILED, State.CANCELLED):
                return self.saved_inputs.read(job)
            return self.delayed_messages().read(job) if job.has_schedule(now) else None
        except LaterMessageError as error:
            logger().error("an input cannot be read", extra={**job_fields(job), "reason": str(error)})
            raise UnreadableJobError(job.id) from error

    def _uploaded(self, job: Job, reference: str) -> Shown:
        from noukai_functions.jobs.objects import PayloadLostError, input_key  # noqa: PLC0415 - few are uploaded

        objects, key = self.objects(), input_key(job.org, reference)
        try:
            size = objects.size_of(key)
        except PayloadLostError:
            raise InputNotKeptError("what was uploaded for it has expired") from None
        return {
            "inputUrl": objects.link(key),
            "inputBytes": size,
            "inputSha256": reference.rpartition("/")[2],
        }


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
