"""A flow of the deployment, blocking and async."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Unpack

from noukai_wire.limits import MAX_LIST_LIMIT
from noukai_wire.models import ExecuteResult, JobAccepted, JobStatus

from ._core.address import FlowAddress
from ._core.api import Api
from ._core.listing import JobSelection, Listing, cancellation, listing_of_flow
from ._core.operation import Listener, Operation
from ._core.sending.mapping import FlowInput, Mapped
from ._core.sending.submission import JobOptions, submission
from ._core.waiting.wait import WaitTerms, execute
from ._display.bar import watched_transfer
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._job import AsyncJob, Job, listening
from ._picklable import Driver, Picklable


class _KnownFlow(Picklable[Driver]):
    def __init__(self, address: FlowAddress, api: Api, driver: Driver) -> None:
        super().__init__(address, api, driver)
        self._address = address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    @property
    def address(self) -> str:
        """Return the flow as `org/project/flow`."""
        return str(self._address)

    def _submission(
        self,
        message: str | None,
        parameters: Mapping[str, Any] | None,
        options: JobOptions,
        on_transfer: Listener | None,
    ) -> Operation[JobAccepted]:
        return self._api.submit(self._address, submission(message, parameters, **options), on_transfer)

    def _listing(self, selection: JobSelection, page_size: int) -> Listing:
        return listing_of_flow(self._api, self._address, selection, page_size)

    def _cancellation(self, selection: JobSelection) -> Operation[int]:
        return cancellation(self._api, self._address, selection)

    def _execution(
        self, terms: WaitTerms, message: str | None, parameters: Mapping[str, Any] | None, options: JobOptions
    ) -> Operation[ExecuteResult]:
        return execute(self._api, self._address, submission(message, parameters, **options), terms)

    def _mapped(self, inputs: Iterable[FlowInput], options: JobOptions) -> Mapped:
        return Mapped(self._api, self._address, inputs, options)


class Flow(_KnownFlow[BlockingDriver]):
    """A flow, known by its address; no request is sent until a job is submitted.

    It can be pickled, together with its client's API key, and used in another process.
    """

    def job(
        self,
        message: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        progress: bool = False,
        **options: Unpack[JobOptions],
    ) -> Job:
        """Submit a job: `message` is the flow's primary input, `parameters` are its other arguments.

        Both may hold any JSON. The submission carries an idempotency key, generated unless given, so that its
        retries never make a second job. `progress=True` draws a progress bar for the upload of a large input.

        Raises `InvalidArgumentError` for invalid arguments, before anything is sent; `FlowNotFoundError`;
        `InvalidInputError` for input that the flow does not accept; `ConflictError` for an idempotency key
        that was used with another input; `PayloadTooLargeError`; `InsufficientCreditsError` and
        `RateLimitedError` at the org's limits; and `ApiError` or `ConnectionFailedError`, like every request.
        """
        with watched_transfer(self.address, progress=progress) as on_transfer:
            accepted = self._driver.run(self._submission(message, parameters, options, on_transfer))
        return Job(accepted.id, self._api, self._driver, accepted)

    def execute(
        self,
        message: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_ms: float | None = None,
        on_progress: Listener | None = None,
        progress: bool = False,
        cancel_on_timeout: bool = False,
        **options: Unpack[JobOptions],
    ) -> ExecuteResult:
        """Submit a job as `Flow.job` does, and wait for it as `Job.wait` does.

        The timeout starts when the job is accepted. Raises what these methods raise.
        """
        with listening(self.address, on_progress, progress=progress) as listeners:
            terms = WaitTerms(timeout_ms, listeners.progress, cancel_on_timeout, listeners.transfer)
            return self._driver.run(self._execution(terms, message, parameters, options))

    def map(
        self, inputs: Iterable[FlowInput], *, progress: bool = False, **options: Unpack[JobOptions]
    ) -> Iterator[Job]:
        """Submit a job for each input while iterating; yield the jobs in the order of their inputs.

        An input is a message, or a dict of the flow's arguments, `message` among them; the options apply to
        every job. A request submits up to a hundred jobs, as its body has room, and at most four requests are
        in flight, so that an iterator of inputs is consumed only as needed. `progress=True` draws how many
        jobs are submitted.

        With an `idempotency_key`, each job gets a key made from it and the place of its input: mapping the
        same inputs again, after a failure or in another process, returns the same jobs and submits the
        missing ones.

        Raises what `Flow.job` raises for the first refused input, after yielding the jobs accepted in the
        same requests; later inputs are not submitted.
        """
        return self._map(self._mapped(inputs, options), progress=progress)

    def _map(self, mapped: Mapped, *, progress: bool) -> Iterator[Job]:
        with listening(self.address, None, progress=progress) as (mapped.listener, _):
            for accepted in self._driver.each(mapped):
                yield Job(accepted.id, self._api, self._driver, accepted)

    def jobs(
        self, *, page_size: int = MAX_LIST_LIMIT, **selection: Unpack[JobSelection]
    ) -> Iterator[JobStatus]:
        """Iterate over the flow's jobs, newest first and without their results.

        A page of up to `page_size` jobs is fetched when the previous one is used up. Jobs submitted in the
        meantime are not included, and a job submitted within the last second may be missing. Warns with an
        `UnreadableJobWarning` about each job that is left out because its row cannot be read.

        Raises `InvalidArgumentError` for an invalid filter; `FlowNotFoundError`; and `ApiError` or
        `ConnectionFailedError`, like every request.
        """
        return self._driver.each(self._listing(selection, page_size))

    def cancel_jobs(self, **selection: Unpack[JobSelection]) -> int:
        """Cancel the flow's pending and running jobs, or those that a filter selects; return their number.

        Jobs submitted in the meantime are not cancelled, nor are unreadable ones, about which it warns like
        `Flow.jobs`.

        Raises what `Flow.jobs` raises.
        """
        return self._driver.run(self._cancellation(selection))


class AsyncFlow(_KnownFlow[AwaitingDriver]):
    """The async form of `Flow`."""

    async def job(
        self,
        message: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        progress: bool = False,
        **options: Unpack[JobOptions],
    ) -> AsyncJob:
        """Submit a job as `Flow.job` does."""
        with watched_transfer(self.address, progress=progress) as on_transfer:
            accepted = await self._driver.run(self._submission(message, parameters, options, on_transfer))
        return AsyncJob(accepted.id, self._api, self._driver, accepted)

    async def execute(
        self,
        message: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_ms: float | None = None,
        on_progress: Listener | None = None,
        progress: bool = False,
        cancel_on_timeout: bool = False,
        **options: Unpack[JobOptions],
    ) -> ExecuteResult:
        """Submit a job as `AsyncFlow.job` does, and wait for it as `AsyncJob.wait` does."""
        with listening(self.address, on_progress, progress=progress) as listeners:
            terms = WaitTerms(timeout_ms, listeners.progress, cancel_on_timeout, listeners.transfer)
            return await self._driver.run(self._execution(terms, message, parameters, options))

    def map(
        self, inputs: Iterable[FlowInput], *, progress: bool = False, **options: Unpack[JobOptions]
    ) -> AsyncIterator[AsyncJob]:
        """Submit a job for each input as `Flow.map` does, with `async for`."""
        return self._map(self._mapped(inputs, options), progress=progress)

    async def _map(self, mapped: Mapped, *, progress: bool) -> AsyncIterator[AsyncJob]:
        with listening(self.address, None, progress=progress) as (mapped.listener, _):
            async for accepted in self._driver.each(mapped):
                yield AsyncJob(accepted.id, self._api, self._driver, accepted)

    def jobs(
        self, *, page_size: int = MAX_LIST_LIMIT, **selection: Unpack[JobSelection]
    ) -> AsyncIterator[JobStatus]:
        """Iterate over the flow's jobs as `Flow.jobs` does, with `async for`."""
        return self._driver.each(self._listing(selection, page_size))

    async def cancel_jobs(self, **selection: Unpack[JobSelection]) -> int:
        """Cancel the flow's jobs as `Flow.cancel_jobs` does."""
        return await self._driver.run(self._cancellation(selection))
