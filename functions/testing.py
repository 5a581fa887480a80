"""What the tests of a flow use: the flow runs in this process, as a worker would run it.

from functions.testing import rehearse

def test_words_are_counted():
    done = rehearse(word_count, {"message": "to be or not to be", "top": 1})
    assert done.output == {"words": 6, "distinct": 4, "top": {"to": 2}}
"""

import json
import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from functions.child import Interrupted, outcome_of
from functions.flow import Context, Flow, PermanentError
from functions.lifecycle import State
from functions.outcome import Raised, Returned

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

Progress = Mapping[str, Any]
"""What a flow has reported: `percent`, `message` or both."""


@dataclass(frozen=True, slots=True)
class RehearsedAttempt:
    """One attempt: what it reported, and why it failed if it did.

    `retry_after` is the pause in seconds that its exception asked for; without it a random one would follow.
    """

    number: int
    progress: tuple[Progress, ...]
    error: str | None = None
    permanent: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a job of the flow would have ended: `completed`, `failed` or `cancelled`.

    `output` is what its caller would get, as it comes out of JSON; `error` is what the caller would be told.
    """

    state: State
    attempts: tuple[RehearsedAttempt, ...]
    output: Any = None
    error: str | None = None

    @property
    def progress(self) -> tuple[Progress, ...]:
        """What the last attempt has reported, in its order."""
        return self.attempts[-1].progress


def rehearse(
    flow: Flow,
    arguments: Mapping[str, Any] | None = None,
    *,
    attempt: int = 1,
    max_attempts: int | None = None,
    cancel_when: Callable[[Progress], bool] | None = None,
    remaining_seconds: float | None = None,
    job_id: str = "job_rehearsal",
    org: str = "acme",
) -> Rehearsal:
    """Run a flow as a job of these arguments would be run, without its pauses, from the given attempt to its end.

    `arguments` are message and parameters by name, as JSON, and are checked against the annotations: what they refuse
    fails for good. A failed attempt is followed by the next, up to `max_attempts` (the flow's own, if nothing is said).
    `cancel_when` is asked at each progress; once it agrees the flow is interrupted there, as by a cancellation.
    `remaining_seconds` (the flow's timeout, if nothing is said) is what the context says, and stops nothing.

    Raises:
        TypeError: the arguments are not JSON, so no job could have them.
        ValueError: the attempt is none that the job could have.
    """
    most = flow.max_attempts if max_attempts is None else max_attempts
    if not 1 <= attempt <= most:
        raise ValueError(f"attempt must be from 1 to {most}, the job's max_attempts, not {attempt}")
    given = json.loads(json.dumps(dict(arguments or {})))
    told = {"job_id": job_id, "org": org}
    remaining = float(flow.timeout if remaining_seconds is None else remaining_seconds)
    attempts: list[RehearsedAttempt] = []
    for number in range(attempt, most + 1):
        stage = _Stage(cancel_when)
        outcome = stage.run(flow, given, _context(stage, attempt=number, remaining=remaining, **told))
        attempts.append(_attempt(number, stage, outcome))
        if stage.is_cancelled:
            return Rehearsal(State.CANCELLED, tuple(attempts))
        if isinstance(outcome, Returned):
            return Rehearsal(State.COMPLETED, tuple(attempts), output=json.loads(outcome.result))
        if outcome.permanent:
            break
    return Rehearsal(State.FAILED, tuple(attempts), error=attempts[-1].error)


@dataclass(slots=True)
class _Stage:
    """Where one attempt runs: it takes the progress, and interrupts the flow there."""

    cancel_when: Callable[[Progress], bool] | None
    is_cancelled: bool = False
    progress: list[Progress] = field(default_factory=list)
    stopped_by: KeyboardInterrupt | None = None
    """Somebody at the keyboard, who wants the tests to end, and not only this attempt."""

    def run(self, flow: Flow, arguments: Mapping[str, Any], context: Context) -> Returned | Raised:
        outcome = outcome_of(partial(self._run, flow, arguments, context), _log)
        if self.stopped_by is not None:
            raise self.stopped_by
        return outcome

    def _run(self, flow: Flow, arguments: Mapping[str, Any], context: Context) -> Any:
        try:
            # A submission would not have come through otherwise, and a worker relies on that.
            flow.adapter.validate_json(json.dumps(arguments))
        except ValueError as error:
            raise PermanentError(f"the arguments are not what the flow takes: {error}") from error
        try:
            return flow.run(arguments, context)
        except KeyboardInterrupt as error:
            self.stopped_by = None if isinstance(error, Interrupted) else error
            raise

    def report(self, context: Context, progress: Progress, /) -> None:
        self.progress.append(dict(progress))
        if not self.is_cancelled and self.cancel_when is not None and self.cancel_when(progress):
            self.is_cancelled = True
            context.mark_cancelled()
            raise Interrupted


class _Log(logging.LoggerAdapter[logging.Logger]):
    """Python's own logger, which takes fields by name as the worker's does."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        known = {name: kwargs.pop(name) for name in ("exc_info", "stack_info", "stacklevel") if name in kwargs}
        return msg, {**known, "extra": {**kwargs.pop("extra", {}), **kwargs}}


def _log() -> _Log:
    return _Log(logging.getLogger("noukai.flow"))


def _context(stage: _Stage, *, attempt: int, remaining: float, job_id: str, org: str) -> Context:
    context: Context = Context(
        job_id=job_id,
        attempt=attempt,
        org=org,
        logger=cast("Logger", _log()),
        remaining=lambda: remaining,
        report=lambda progress, /: stage.report(context, progress),
    )
    return context


def _attempt(number: int, stage: _Stage, outcome: Returned | Raised) -> RehearsedAttempt:
    progress = tuple(stage.progress)
    if isinstance(outcome, Raised):
        return RehearsedAttempt(number, progress, outcome.error, outcome.permanent, outcome.retry_after)
    return RehearsedAttempt(number, progress)
