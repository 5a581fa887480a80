"""A submitted job, blocking and async."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Unpack

from noukai_wire import display
from noukai_wire.logs import Event
from noukai_wire.models import ExecuteResult, JobAccepted, JobStatus
from noukai_wire.uploads import JobInput

from ._core.api import Api
from ._core.logs import LogPages, LogSelection, events
from ._core.operation import Deadline, Listener, Operation
from ._core.sending.payload import input_of
from ._core.waiting.completion import End
from ._core.waiting.wait import WaitTerms, result_of, wait
from ._core.waiting.waits import Submitted
from ._display.bar import Listeners, progress_bar
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._log import AsyncJobLog, JobLog
from ._picklable import Driver, Picklable

if TYPE_CHECKING:
    from rich.console import RenderableType


class _KnownJob(Picklable[Driver]):
    def __init__(
        self,
        job_id: str,
        api: Api,
        driver: Driver,
        accepted: JobAccepted | None = None,
        end: End | None = None,
    ) -> None:
        super().__init__(job_id, api, driver)
        self._id = job_id
        self._accepted = accepted
        self._accepted_at = api.clock()
        self._end = end

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._id!r})"

    def _repr_html_(self) -> str:
        return display.html_of_facts(display.acceptance_facts_of(self._id, self._accepted))

    def __rich__(self) -> "RenderableType":
        return display.rich_of_facts(display.acceptance_facts_of(self._id, self._accepted))

    @property
    def id(self) -> str:
        """Return the job's id, which never changes."""
        return self._id

    @property
    def accepted(self) -> JobAccepted | None:
        """Return the API's answer to the submission; None for a job made from its id."""
        return self._accepted

    def _log_pages(self, selection: LogSelection, *, follow: bool) -> LogPages:
        return LogPages(self._api, self._id, selection, follow=follow)

    def _known(self) -> tuple[JobAccepted | None, End | None]:
        return self._accepted, self._end

    def _wait(self, terms: WaitTerms) -> Operation[ExecuteResult]:
        if self._end is not None:
            return result_of(self._api, self._end, terms.on_transfer)
        submitted = Submitted(self._accepted.flow, self._accepted_at) if self._accepted else None
        return wait(self._api, self._id, terms, submitted)


class Job(_KnownJob[BlockingDriver]):
    """A job, known by its id; `flow.job()` submits one, `client.job(id)` refers to an existing one.

    It can be pickled, together with its client's API key, and used in another process.
    """

    def status(self) -> JobStatus:
        """Fetch the current status of the job.

        Raises `JobNotFoundError`; and `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(self._api.status(self._id))

    def wait(
        self,
        timeout_ms: float | None = None,
        on_progress: Listener | None = None,
        cancel_on_timeout: bool = False,  # noqa: FBT001, FBT002  (the contract's signature)
        *,
        progress: bool = False,
    ) -> ExecuteResult:
        """Wait until the job has ended, and return its output.

        Without `timeout_ms`, waits as long as the job takes; 0 makes one status check, which may take up to
        five seconds. `on_progress` is called with each change of the progress. `progress=True` draws the
        job's progress, and the download of a large result, on a terminal or in a notebook.
        `cancel_on_timeout` cancels the job at the deadline, which may take five seconds more.

        Raises `JobFailedError`, `JobCancelledError`, `ResultLostError` or, at the deadline,
        `WaitTimeoutError`; `InvalidArgumentError` for an invalid `timeout_ms`; `JobNotFoundError`; and
        `ApiError` or `ConnectionFailedError`, like every request.
        """
        with listening(self._id, on_progress, progress=progress) as listeners:
            return self._driver.run(
                self._wait(WaitTerms(timeout_ms, listeners.progress, cancel_on_timeout, listeners.transfer))
            )

    def logs(self, *, follow: bool = False, **selection: Unpack[LogSelection]) -> JobLog:
        """Iterate over what the flow has printed and logged, in the order of attempts.

        With `follow=True`, also over the lines to come, until the job has ended and its code has stopped; an
        outage of up to 15 minutes is outlasted. Without it, the iteration ends with the lines that there are.
        Pages of lines are fetched as they are needed.

        Raises `InvalidArgumentError` for an invalid selection; `JobNotFoundError`; and `ApiError` or
        `ConnectionFailedError`, like every request.
        """
        pages = self._log_pages(selection, follow=follow)
        return JobLog(pages, self._driver.each(pages))

    def events(self) -> list[Event]:
        """Fetch what has happened to the job, oldest first.

        Raises `JobNotFoundError`; and `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(events(self._api, self._id))

    def input(self) -> JobInput:
        """Fetch the message and the parameters with which the job was submitted.

        They are kept for a failed or cancelled job, and for one that waits for a `run_at` more than 15
        minutes ahead. Raises `NotFoundError` for others, with the reason; `JobNotFoundError`; and `ApiError`
        or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(input_of(self._api, self._id))

    def cancel(self) -> None:
        """Cancel the job, at once and for good; a terminal job is unchanged.

        Raises `JobNotFoundError`; and `ApiError` or `ConnectionFailedError`, like every request.
        """
        self._driver.run(self._api.cancel(self._id))

    def retry(self) -> "Job":
        """Resubmit the input of a failed or cancelled job as a new job; retrying twice makes one new job.

        Raises `InvalidInputError` if the job has not ended, is completed or has lost its input;
        `FlowNotFoundError` if its flow is no longer deployed; `JobNotFoundError`; and `ApiError` or
        `ConnectionFailedError`, like every request.
        """
        accepted = self._driver.run(self._api.retry(self._id))
        return Job(accepted.id, self._api, self._driver, accepted)


class AsyncJob(_KnownJob[AwaitingDriver]):
    """The async form of `Job`."""

    async def status(self) -> JobStatus:
        """Fetch the status as `Job.status` does."""
        return await self._driver.run(self._api.status(self._id))

    async def wait(
        self,
        timeout_ms: float | None = None,
        on_progress: Listener | None = None,
        cancel_on_timeout: bool = False,  # noqa: FBT001, FBT002  (the contract's signature)
        *,
        progress: bool = False,
    ) -> ExecuteResult:
        """Wait as `Job.wait` does; `on_progress` may be a coroutine function."""
        with listening(self._id, on_progress, progress=progress) as listeners:
            return await self._driver.run(
                self._wait(WaitTerms(timeout_ms, listeners.progress, cancel_on_timeout, listeners.transfer))
            )

    def logs(self, *, follow: bool = False, **selection: Unpack[LogSelection]) -> AsyncJobLog:
        """Iterate over the log as `Job.logs` does, with `async for`."""
        pages = self._log_pages(selection, follow=follow)
        return AsyncJobLog(pages, self._driver.each(pages))

    async def events(self) -> list[Event]:
        """Fetch the timeline as `Job.events` does."""
        return await self._driver.run(events(self._api, self._id))

    async def input(self) -> JobInput:
        """Fetch the input as `Job.input` does."""
        return await self._driver.run(input_of(self._api, self._id))

    async def cancel(self) -> None:
        """Cancel the job as `Job.cancel` does."""
        await self._driver.run(self._api.cancel(self._id))

    async def retry(self) -> "AsyncJob":
        """Retry as `Job.retry` does."""
        accepted = await self._driver.run(self._api.retry(self._id))
        return AsyncJob(accepted.id, self._api, self._driver, accepted)


def listening(
    label: str, on_progress: Listener | None, *, progress: bool
) -> AbstractContextManager[Listeners]:
    """Return the listeners to the progress of a job or many, with a bar among them if requested."""
    return progress_bar(label, on_progress) if progress else nullcontext(Listeners(on_progress, None))


def asked_through(job: _KnownJob[Driver]) -> tuple[Api, Driver]:
    """Return the job's API and its driver."""
    return job._api, job._driver  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # of this module


def known_end(job: _KnownJob[Driver]) -> End | None:
    """Return the job's end if `as_completed` has seen it, or None."""
    return job._end  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # of this module


def note_end(job: _KnownJob[Driver], end: End) -> None:
    """Record the job's end, so that a later `wait` needs no request."""
    job._end = end  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # of this module


def status_with(job: Job, result: ExecuteResult) -> JobStatus:
    """Fetch the status of a job with a known result, without downloading a large output again."""
    api, driver = asked_through(job)
    status = driver.run(api.check(job.id, Deadline(api.clock)))
    return status.model_copy(update={"result": result})
