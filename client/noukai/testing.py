"""The test kit of flow authors: it runs a flow in this process as a worker would.

from noukai.testing import rehearse

def test_words_are_counted():
    done = rehearse(word_count, {"message": "to be or not to be", "top": 1})
    assert done.output == {"words": 6, "distinct": 4, "top": {"to": 2}}
"""

import asyncio
import json
import logging
import signal
import threading
from collections.abc import Callable, Generator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any, Literal

from noukai_wire.secrets_file import in_environment, nearest_secrets

from .flow import Context, Flow
from .flow.runtime import Interrupted, Raised, Returned, outcome_of, run_start_hooks

Progress = Mapping[str, Any]
"""A progress report of a flow: `percent`, `message` or both."""


@dataclass(frozen=True, slots=True)
class RehearsedAttempt:
    """One rehearsed attempt: its progress reports and its failure, if any.

    `retry_after` is the pause in seconds that its exception asked for; if it is None, a random pause would
    follow.
    """

    number: int
    progress: tuple[Progress, ...]
    error: str | None = None
    permanent: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The end of a rehearsed job: `completed`, `failed` or `cancelled`.

    `output` is the output that a caller would get, as parsed JSON; `error` is the caller's error message.
    """

    state: Literal["completed", "failed", "cancelled"]
    attempts: tuple[RehearsedAttempt, ...]
    output: Any = None
    error: str | None = None

    @property
    def progress(self) -> tuple[Progress, ...]:
        """Return the progress reports of the last attempt."""
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
    secrets: Mapping[str, str] | None = None,
) -> Rehearsal:
    """Run a flow with these arguments as a job, without pauses, from the given attempt on.

    `arguments` are message and parameters by name, as JSON, validated like a submission; invalid arguments
    fail the job without a retry. A failed attempt is retried up to `max_attempts`, by default the flow's. The
    flow is cancelled at the first progress report for which `cancel_when` returns true. `remaining_seconds`,
    by default the flow's timeout, is the context's initial value. `secrets` are by default those of the
    repository's file `.secrets`. Blocks a running event loop.

    Raises:
        TypeError: the arguments are not JSON.
        ValueError: `attempt` is not from 1 to `max_attempts`.
    """
    most = _most_attempts(flow, max_attempts, attempt)
    given = _content(arguments or {})
    remaining = float(flow.timeout if remaining_seconds is None else remaining_seconds)
    attempts: list[RehearsedAttempt] = []
    for number in range(attempt, most + 1):
        stage = _Stage(cancel_when, nearest_secrets() if secrets is None else secrets)
        context = _context(stage, attempt=number, remaining=remaining, job_id=job_id, org=org)
        outcome = stage.run(partial(_attempted, flow, given, context))
        attempts.append(_attempt(number, stage, outcome))
        if stage.is_cancelled:
            return Rehearsal("cancelled", tuple(attempts))
        if isinstance(outcome, Returned):
            return Rehearsal("completed", tuple(attempts), output=json.loads(outcome.result))
        if outcome.permanent:
            break
    return Rehearsal("failed", tuple(attempts), error=attempts[-1].error)


def _most_attempts(flow: Flow, stated: int | None, attempt: int) -> int:
    most = flow.max_attempts if stated is None else stated
    if not 1 <= attempt <= most:
        raise ValueError(f"attempt must be from 1 to {most}, the job's max_attempts, not {attempt}")
    return most


@dataclass(slots=True)
class _Stage:
    """The stage of an attempt, which receives progress reports and interrupts the flow."""

    cancel_when: Callable[[Progress], bool] | None
    secrets: Mapping[str, str] = field(repr=False)
    is_cancelled: bool = False
    progress: list[Progress] = field(default_factory=list[Progress])

    def run(self, attempt: Callable[[], Any]) -> Returned | Raised:
        with _keyboard() as pressed, in_environment(self.secrets):
            outcome: Returned | Raised = _without_loop(partial(outcome_of, attempt, _log))
        if pressed:
            raise KeyboardInterrupt
        return outcome

    def report(self, context: Context, progress: Progress, /) -> None:
        self.progress.append(dict(progress))
        if not self.is_cancelled and self.cancel_when is not None and self.cancel_when(progress):
            self.is_cancelled = True
            context.mark_cancelled()
            raise Interrupted


def _content(arguments: Mapping[str, Any]) -> bytes:
    """Return arguments as the JSON of a submission."""
    parameters = {name: value for name, value in arguments.items() if name != "message"}
    message = {"message": arguments["message"]} if "message" in arguments else {}
    return json.dumps({**message, "parameters": parameters}).encode()


def _attempted(flow: Flow, given: bytes, context: Context) -> Any:
    """Run an attempt as the API and the worker would.

    The arguments are parsed anew, since the previous attempt may have changed them. What `@on_start`
    decorates in the flow's module or a helper runs before the first attempt of this process.
    """
    own = flow.function.__module__
    run_start_hooks(lambda module: module == own or module.rpartition(".")[2].startswith("_"))
    # The API's own checks, imported here because only a rehearsal needs them.
    from noukai_functions.rehearsal import accepted_arguments  # noqa: PLC0415

    return flow.run(accepted_arguments(flow, given), context)


def _without_loop(run: Callable[[], Any]) -> Any:
    """Run without an event loop, as in a worker, so that a flow may run its own."""
    if not _loop_runs():
        return run()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, run).result()


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _keyboard() -> Generator[list[int]]:
    """Raise the attempt's `KeyboardInterrupt` afterwards, since Ctrl-C should end the tests too."""
    pressed: list[int] = []
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        usual(number, frame)

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, usual)


class _Log(logging.LoggerAdapter[logging.Logger]):
    """The standard logger with fields by name, like the worker's."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        known = {
            name: kwargs.pop(name) for name in ("exc_info", "stack_info", "stacklevel") if name in kwargs
        }
        return msg, {**known, "extra": {**kwargs.pop("extra", {}), **kwargs}}


def _log() -> _Log:
    return _Log(logging.getLogger("noukai.flow"))


def _context(stage: _Stage, *, attempt: int, remaining: float, job_id: str, org: str) -> Context:
    def read(*, refresh: bool) -> Mapping[str, str]:
        del refresh  # a file has nothing newer
        return stage.secrets

    context: Context = Context(
        job_id=job_id,
        attempt=attempt,
        org=org,
        logger=_log,
        remaining=lambda: remaining,
        report=lambda progress, /: stage.report(context, progress),
        secrets=read,
    )
    return context


def _attempt(number: int, stage: _Stage, outcome: Returned | Raised) -> RehearsedAttempt:
    progress = tuple(stage.progress)
    if isinstance(outcome, Raised):
        return RehearsedAttempt(number, progress, outcome.error, outcome.permanent, outcome.retry_after)
    return RehearsedAttempt(number, progress)
