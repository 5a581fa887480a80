"""The submission of a job for each of many inputs, in batches."""

from collections.abc import Iterable, Iterator, Mapping, Sized
from itertools import islice
from typing import Any, TypeAlias, cast

from noukai._core.address import FlowAddress
from noukai._core.api import Api
from noukai._core.exchange import is_transient
from noukai._core.operation import Listener, Operation, Report, Sleep, together
from noukai._display.bar import progress_of
from noukai._errors import InvalidArgumentError, NoukaiError
from noukai_wire.limits import MAX_BATCH_SIZE, MAX_BODY_BYTES
from noukai_wire.models import JobAccepted

from .payload import uploaded
from .submission import AROUND_ENTRIES, JobOptions, Submission, submission

FlowInput: TypeAlias = str | Mapping[str, Any]
"""A message, or the flow's arguments by name, `message` among them."""

_AT_ONCE = 4
"""The most requests in flight."""


class Mapped:
    """The jobs of many inputs, in order, in pages submitted by a few concurrent requests.

    Inputs are consumed only when their page is fetched. Jobs accepted beside a refused submission are
    returned before the refusal is raised.
    """

    def __init__(
        self, api: Api, address: FlowAddress, inputs: Iterable[FlowInput], options: JobOptions
    ) -> None:
        if isinstance(inputs, str | Mapping):
            raise InvalidArgumentError(
                "inputs must be a list or another iterable of inputs, not a single input"
            )
        self._api = api
        self._address = address
        self._count = len(inputs) if isinstance(inputs, Sized) else None
        self._submitted = 0
        self._batches = _batches(_submissions(inputs, options))
        self._is_at_end = False
        self._failure: NoukaiError | None = None
        self.listener: Listener | None = None

    @property
    def has_more(self) -> bool:
        """Return whether there may be more inputs, or a refusal to raise."""
        return self._failure is not None or not self._is_at_end

    def page(self) -> Operation[list[JobAccepted]]:
        """Submit the batches of a few requests."""
        if self._failure is not None:
            raise self._failure
        batches = list(islice(self._batches, _AT_ONCE))
        self._is_at_end = len(batches) < _AT_ONCE
        ready: list[list[Submission | NoukaiError]] = []
        for batch in batches:  # uploads are sequential: a slow link has no room for more
            taken = yield from self._uploaded(batch)
            ready.append(taken)
        found = yield from together(map(self._submit, ready))
        outcomes = [outcome for batch in found for outcome in batch]
        self._failure = next((each for each in outcomes if isinstance(each, NoukaiError)), None)
        self._submitted += len(outcomes)
        if self.listener is not None:
            yield Report(self.listener, progress_of(self._submitted, self._count))
        return [each for each in outcomes if not isinstance(each, NoukaiError)]

    def _uploaded(self, batch: list[Submission]) -> Operation[list[Submission | NoukaiError]]:
        """Upload the inputs of a batch that are too large for its request."""
        found: list[Submission | NoukaiError] = []
        for each in batch:
            try:
                found.append((yield from uploaded(self._api, self._address, each, self.listener)))
            except NoukaiError as error:
                found.append(error)
        return found

    def _submit(self, batch: list[Submission | NoukaiError]) -> Operation[list[JobAccepted | NoukaiError]]:
        """Submit a batch, and resubmit the entries with transient errors."""
        outcomes: dict[int, JobAccepted | NoukaiError] = {}
        left: dict[int, Submission] = {}
        for place, each in enumerate(batch):
            if isinstance(each, NoukaiError):
                outcomes[place] = each
            else:
                left[place] = each
        attempt = 0
        while left:
            try:
                found = yield from self._api.submit_jobs(self._address, list(left.values()))
            except NoukaiError as error:
                outcomes |= dict.fromkeys(left, error)
                break
            outcomes |= dict(zip(left, found, strict=True))
            left = {place: each for place, each in left.items() if _is_transient(outcomes[place])}
            if attempt == self._api.settings.max_retries:
                break
            if left:
                yield Sleep(self._api.exchange.backoff(attempt))
            attempt += 1
        return [outcomes[place] for place in range(len(batch))]


def _is_transient(outcome: JobAccepted | NoukaiError) -> bool:
    return isinstance(outcome, NoukaiError) and is_transient(outcome)


def _submissions(inputs: Iterable[FlowInput], options: JobOptions) -> Iterator[Submission]:
    """Yield each input as a submission, its idempotency key derived from the common key and its place."""
    key = options.get("idempotency_key")
    for place, each in enumerate(inputs):
        message, parameters = _arguments(each, place)
        own = {**options, "idempotency_key": None if key is None else f"{key}/{place}"}
        yield submission(message, parameters, **cast("JobOptions", own))


def _arguments(each: object, place: int) -> tuple[str | None, Mapping[str, Any] | None]:
    if isinstance(each, str):
        return each, None
    if not isinstance(each, Mapping):
        kind = type(each).__name__
        raise InvalidArgumentError(
            f"input {place} must be a str or a dict of the flow's arguments, not {kind}"
        )
    arguments = dict(cast("Mapping[str, Any]", each))
    return arguments.pop("message", None), arguments or None


def _batches(submissions: Iterable[Submission]) -> Iterator[list[Submission]]:
    """Split submissions into batches by number and size; one with an upload is a batch of its own."""
    batch: list[Submission] = []
    size = AROUND_ENTRIES
    for each in submissions:
        length = each.size + len(b",")
        if batch and (len(batch) == MAX_BATCH_SIZE or size + length > MAX_BODY_BYTES):
            yield batch
            batch, size = [], AROUND_ENTRIES
        batch.append(each)
        size += length
    if batch:
        yield batch
