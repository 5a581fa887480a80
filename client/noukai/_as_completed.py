"""Iteration over many jobs as they end, blocking and async."""

import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from ._core.api import Api
from ._core.operation import Listener
from ._core.waiting.completion import Completion
from ._display.bar import Listeners
from ._errors import InvalidArgumentError
from ._job import AsyncJob, Job, asked_through, listening, note_end

AnyJob = TypeVar("AnyJob", Job, AsyncJob)


@overload
def as_completed(
    jobs: Iterable[Job], *, timeout_ms: float | None = None, progress: bool = False
) -> Iterable[Job]: ...
@overload
def as_completed(
    jobs: Iterable[AsyncJob] | AsyncIterable[AsyncJob],
    *,
    timeout_ms: float | None = None,
    progress: bool = False,
) -> AsyncIterable[AsyncJob]: ...
def as_completed(jobs: Any, *, timeout_ms: float | None = None, progress: bool = False) -> Any:
    """Iterate over jobs as they end: with `for`, or with `async for` over those of an `AsyncNoukai`.

    One request checks up to a hundred jobs. A yielded job knows its end: its `wait` sends no request, and
    returns or raises at once, also for an unknown job. A job given twice is yielded once. The timeout starts
    with the iteration; `progress=True` draws how many jobs have ended.

    Raises `WaitTimeoutError` at the deadline; `InvalidArgumentError` for jobs of several clients or an
    invalid `timeout_ms`; and `ApiError` or `ConnectionFailedError`, like every request.
    """
    return _JobsAsCompleted(jobs, timeout_ms, progress)


@dataclass(frozen=True)
class _JobsAsCompleted:
    jobs: Any
    timeout_ms: float | None
    progress: bool

    def __iter__(self) -> Iterator[Job]:
        jobs: dict[str, Job] = {job.id: job for job in self.jobs}
        if jobs:
            api, driver = _common(jobs)
            with self._watched(jobs) as (listener, _), _span(len(jobs)):
                for job_id, end in driver.each(self._completion(api, jobs, listener)):
                    note_end(job := jobs.pop(job_id), end)
                    yield job

    async def __aiter__(self) -> AsyncIterator[AsyncJob]:
        given: Any = self.jobs
        jobs: dict[str, AsyncJob] = (
            {job.id: job async for job in given}
            if hasattr(given, "__aiter__")
            else {job.id: job for job in given}
        )
        if jobs:
            api, driver = _common(jobs)
            with self._watched(jobs) as (listener, _), _span(len(jobs)):
                async for job_id, end in driver.each(self._completion(api, jobs, listener)):
                    note_end(job := jobs.pop(job_id), end)
                    yield job

    def _watched(self, jobs: dict[str, AnyJob]) -> AbstractContextManager[Listeners]:
        return listening(f"{len(jobs)} jobs", None, progress=self.progress)

    def _completion(self, api: Api, jobs: dict[str, AnyJob], listener: Listener | None) -> Completion:
        return Completion(api, jobs, timeout_ms=self.timeout_ms, listener=listener)


def _span(jobs: int) -> AbstractContextManager[object]:
    if "opentelemetry.trace" not in sys.modules:
        return nullcontext()
    from ._core.sending.spans import completion_span  # noqa: PLC0415 - few programs have traces

    return completion_span(jobs)


def _common(jobs: dict[str, Any]) -> tuple[Api, Any]:
    """Return the client that all jobs share."""
    asked = map(asked_through, jobs.values())
    # A job unpickled from another process has its own client with the same settings.
    first, *others = {
        api.settings if api.is_picklable else api: (api, driver) for api, driver in asked
    }.values()
    if others:
        raise InvalidArgumentError(
            "these jobs belong to several clients: call as_completed once for each client"
        )
    return first
