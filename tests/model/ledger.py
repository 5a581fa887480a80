"""The invariants, checked at each change of a row and each answer to a caller."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from noukai_functions.jobs.lifecycle import TERMINAL, Job, State

_ACCEPTED = 202


class ViolationError(AssertionError):
    """A state that must not occur."""


@dataclass
class Ledger:
    """The rows as last seen, and what callers were told about them."""

    jobs: dict[str, Job] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    told: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """The last status of each job that a caller got."""

    def enter(self, job: Job, now: int) -> None:
        """Compare a row with its former state."""
        before = self.jobs.get(job.id)
        self.jobs[job.id] = job
        if before is None:
            self._check_new(job)
        else:
            _check_change(before, job, now)
        _check_outcome(job)

    def tell(self, status: int, body: Mapping[str, Any]) -> None:
        """Compare an answer to a caller with the answers before."""
        if body["id"] not in self.jobs:
            raise ViolationError("a caller was told of a job that has no row")
        if status == _ACCEPTED:
            self.accepted.add(body["id"])
            return
        before = self.told.get(body["id"], {})
        self.told[body["id"]] = body
        if before.get("state") in TERMINAL and _shown_ending(before) != _shown_ending(body):
            raise ViolationError(f"a caller was told {before['state']} first, and {body['state']} later")
        if body.get("attempt", 0) < before.get("attempt", 0):
            raise ViolationError(
                f"a caller was told of attempt {before['attempt']} first, and of an older one later"
            )

    def check_end(self) -> None:
        """Check what must hold when nobody acts and no message is left."""
        for id_ in self.accepted:
            if not self.jobs[id_].is_terminal:
                raise ViolationError(f"the job is lost: it is {self.jobs[id_].state} and nothing will run it")
        for id_, body in self.told.items():
            if body["state"] in TERMINAL and self.jobs[id_].state != body["state"]:
                raise ViolationError(
                    f"a caller was told {body['state']}, but the job is {self.jobs[id_].state}"
                )

    def _check_new(self, job: Job) -> None:
        if (job.state, job.attempt) != (State.PENDING, 0):
            raise ViolationError(f"a new job is {job.state} in attempt {job.attempt}")
        if job.retry_of and sum(job.retry_of == other.retry_of for other in self.jobs.values()) > 1:
            raise ViolationError("two jobs retry the same one")


def said_by(job_id: str, attempt: int) -> str:
    """Return the flow's text in an attempt, as its result, error or progress."""
    return f"attempt {attempt} of {job_id}"


def _ending(job: Job) -> tuple[object, ...]:
    return job.state, job.attempt, job.result, job.error, job.completed_at, job.expires_at


def _shown_ending(body: Mapping[str, Any]) -> list[object]:
    return [body.get(name) for name in ("state", "attempt", "result", "error", "completedAt", "expiresAt")]


def _check_outcome(job: Job) -> None:
    said = said_by(job.id, job.attempt)
    if job.state is State.COMPLETED and json.loads(job.result or "null") != said:
        raise ViolationError(f"attempt {job.attempt} ended with what another has said: {job.result}")
    error = {State.FAILED: job.error, State.PENDING: job.last_error}.get(job.state) or ""
    if error.startswith("Flow") and said not in error:
        raise ViolationError(f"attempt {job.attempt} ended with what another has said: {error}")
    if job.progress and job.progress["said"] != said:
        raise ViolationError(f"attempt {job.attempt} shows the progress of another: {job.progress}")
    outcomes = {State.COMPLETED: (True, False), State.FAILED: (False, True)}.get(job.state, (False, False))
    if (job.result is not None, job.error is not None) != outcomes:
        raise ViolationError(f"the {job.state} job shows the result {job.result} and the error {job.error}")


def _check_change(before: Job, job: Job, now: int) -> None:
    if before.created_at != job.created_at:
        raise ViolationError("the row of a job was put anew")
    if before.is_terminal and _ending(before) != _ending(job):
        raise ViolationError(
            f"the {before.state} job changed to {job.state}: {_ending(before)}, {_ending(job)}"
        )
    if job.attempt != before.attempt:
        _check_claim(before, job, now)


def _check_claim(before: Job, job: Job, now: int) -> None:
    if job.attempt != before.attempt + 1 or job.attempt > job.max_attempts:
        raise ViolationError(f"attempt {job.attempt} of {job.max_attempts} follows on {before.attempt}")
    if before.has_live_lease(now):
        raise ViolationError("a job was claimed from a worker whose lease is alive")
    if before.must_wait(now):
        raise ViolationError("a job was claimed before it may run again")
