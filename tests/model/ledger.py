"""What must hold in every state: checked at each change of a row."""

import json
from dataclasses import dataclass, field

from functions.lifecycle import Job, State


class ViolationError(AssertionError):
    """A state that must not be."""


@dataclass
class Ledger:
    """The rows as they were last seen, and what callers were told of them."""

    jobs: dict[str, Job] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    """Ids and terminal states in answers of the API."""
    accepted: set[str] = field(default_factory=set)

    def enter(self, job: Job, now: int) -> None:
        """Compare a row with what it was before."""
        before = self.jobs.get(job.id)
        self.jobs[job.id] = job
        _check_outcome(job)
        if before is None:
            return
        if before.is_terminal and _ending(before) != _ending(job):
            raise ViolationError(f"the {before.state} job changed to {job.state}: {_ending(before)}, {_ending(job)}")
        if job.attempt != before.attempt:
            _check_claim(before, job, now)

    def check_end(self) -> None:
        """Check what must be true when nobody acts any more and no message is left."""
        for id_ in self.accepted:
            if not self.jobs[id_].is_terminal:
                raise ViolationError(f"the job is lost: it is {self.jobs[id_].state} and nothing will run it")
        for id_, state in self.told:
            if self.jobs[id_].state != state:
                raise ViolationError(f"a caller was told {state}, but the job is {self.jobs[id_].state}")


def said_by(attempt: int) -> str:
    """What the flow says in an attempt, as its result or as its error."""
    return f"attempt {attempt}"


def _ending(job: Job) -> tuple[object, ...]:
    return job.state, job.attempt, job.result, job.error, job.completed_at, job.expires_at


def _check_outcome(job: Job) -> None:
    said = said_by(job.attempt)
    if job.state is State.COMPLETED and json.loads(job.result or "null") != said:
        raise ViolationError(f"attempt {job.attempt} completed with the result {job.result}")
    error = {State.FAILED: job.error, State.PENDING: job.last_error}.get(job.state) or ""
    if error.startswith("Flow") and said not in error:
        raise ViolationError(f"attempt {job.attempt} ended with the error {error}")
    if (job.result is not None) + (job.error is not None) > 1:
        raise ViolationError("two outcomes are visible")


def _check_claim(before: Job, job: Job, now: int) -> None:
    if job.attempt != before.attempt + 1 or job.attempt > job.max_attempts:
        raise ViolationError(f"attempt {job.attempt} of {job.max_attempts} follows on {before.attempt}")
    if before.has_live_lease(now):
        raise ViolationError("a job was claimed from a worker whose lease is alive")
    if before.must_wait(now):
        raise ViolationError("a job was claimed before it may run again")
