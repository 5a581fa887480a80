"""The decorator `@flow`, and the flow that it makes of a function."""

import importlib
import inspect
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, Literal, overload

from noukai_wire.limits import DEFAULT_KEEP_SECONDS

from ._context import ArgumentsError, Context, ResultError
from ._json_value import UnwritableError
from ._return_type import ReturnType
from ._signature import CONTEXT, Signature
from ._worker_kind import WorkerKind

DEFAULT_BACKOFF = 1.0
DEFAULT_BACKOFF_CAP = 60.0


@dataclass(frozen=True, slots=True)
class FlowSchedule:
    """The schedule of a flow, checked at the build.

    With `cron`, five fields such as `0 9 * * 1-5`, a job without input is submitted at each instant in the
    time zone. While the one before has not ended, `overlap` submits the next all the same (`allow`), leaves
    the instant out (`skip`) or cancels the older job first (`cancel`). Of instants that pass in a pause or an
    outage, `missed` runs the `latest`, or `none`.
    """

    cron: str | None = None
    """None if the flow declares no schedule."""
    zone: str = "UTC"
    overlap: str = "allow"
    missed: str = "latest"


@dataclass(frozen=True)
class Flow:
    """A function that jobs run; calling it calls the function."""

    function: Callable[..., Any]
    name: str
    timeout: int
    max_attempts: int
    backoff: float
    backoff_cap: float
    keep: int
    worker_kind: WorkerKind
    """The worker settings that it asks for, except the timeout."""
    fresh_process: bool = False
    schedule: FlowSchedule = field(default_factory=FlowSchedule)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<flow {self.name!r}>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        """Pickle the flow by its name, as Python does with functions."""
        return _named, (self.function.__module__, self.function.__qualname__)

    @cached_property
    def signature(self) -> Signature:
        """Return the function's signature."""
        return Signature(self.function)

    @cached_property
    def returns(self) -> ReturnType:
        """Return the annotated return type; `Any` if there is none or it cannot be resolved."""
        try:
            return ReturnType(self.signature.returned)
        except Exception:  # noqa: BLE001 - it may be known only to type checkers
            return ReturnType()

    def prepare(self) -> None:
        """Import the modules that a run needs, and compile the annotations, once."""
        if not self.signature.is_plain:
            _ = self.signature.validator
        self.returns.prepare()
        if inspect.iscoroutinefunction(self.function):
            importlib.import_module("asyncio")

    def run(self, arguments: Mapping[str, Any], context: Context) -> Any:
        """Convert the arguments, call or await the function, and convert its return value to JSON.

        The arguments of a plain flow must have passed its schema.
        """
        try:
            converted = self.signature.converted(arguments)
        except (ValueError, OverflowError) as error:
            # A retry would be refused again. The original error is hidden, since it would show the input in
            # the log.
            raise ArgumentsError.of(_without_input(error)) from None
        if self.signature.wants_context:
            converted[CONTEXT] = context
        value = self.function(**converted)
        return self._written(awaited(value) if inspect.iscoroutine(value) else value)

    def _written(self, value: object) -> Any:
        try:
            return self.returns.json_value(value)
        except UnwritableError as error:
            raise ResultError(str(error)) from None


_notes: list[list[Flow]] = []


def note_flows(made: list[Flow]) -> None:
    """Append each flow made from now on to a list.

    The build uses this to find flows that are not deployed.
    """
    _notes.append(made)


def _named(module: str, name: str) -> Any:
    return attrgetter(name)(importlib.import_module(module))


def _without_input(error: Exception) -> str:
    """Return the errors of the arguments, without the values."""
    # A plain flow does not use pydantic, and only pydantic's errors quote values.
    from_pydantic = getattr(error, "errors", None)
    if from_pydantic is None:
        return str(error)
    wrong = from_pydantic(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong)


def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in an event loop of its own, and return its value."""
    # Imported here because it is slow to import, and most flows do not need it.
    import asyncio  # noqa: PLC0415

    async def leave_executor(*_: Any) -> None:
        """Leave the loop's executor without waiting, because its threads may never end."""

    def make_loop() -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        loop.shutdown_default_executor = leave_executor  # type: ignore[method-assign]
        return loop

    with asyncio.Runner(loop_factory=make_loop) as runner:
        return runner.run(coroutine)


@overload
def flow(function: Callable[..., Any], /) -> Flow: ...
@overload
def flow(
    *,
    name: str | None = ...,
    timeout: int = ...,
    max_attempts: int = ...,
    backoff: float = ...,
    backoff_cap: float = ...,
    keep: int = ...,
    memory: int | None = ...,
    ephemeral_storage: int | None = ...,
    concurrency: int | None = ...,
    batch: int | None = ...,
    worker: str | None = ...,
    fresh_process: bool = ...,
    cron: str | None = ...,
    zone: str = ...,
    overlap: Literal["allow", "skip", "cancel"] = ...,
    missed: Literal["latest", "none"] = ...,
) -> Callable[[Callable[..., Any]], Flow]: ...
def flow(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    timeout: int = 60,
    max_attempts: int = 3,
    backoff: float = DEFAULT_BACKOFF,
    backoff_cap: float = DEFAULT_BACKOFF_CAP,
    keep: int = DEFAULT_KEEP_SECONDS,
    memory: int | None = None,
    ephemeral_storage: int | None = None,
    concurrency: int | None = None,
    batch: int | None = None,
    worker: str | None = None,
    fresh_process: bool = False,
    cron: str | None = None,
    zone: str = "UTC",
    overlap: Literal["allow", "skip", "cancel"] = "allow",
    missed: Literal["latest", "none"] = "latest",
) -> Flow | Callable[[Callable[..., Any]], Flow]:
    """Make a flow of a function, `def` or `async def`.

    Its address has the names of its module and of the function, with `_` as `-`. `timeout` is for one
    attempt, in seconds. A failed attempt is retried after a random pause of up to `backoff` seconds, doubled
    each time up to `backoff_cap` (at most 900), while `max_attempts` allows. A `retry_after` on the
    exception, in seconds or as a `timedelta`, sets the pause instead, up to 900 s. A `PermanentError` is not
    retried. A job is kept for `keep` seconds after its end: an hour to a year, by default a week.

    A flow may ask for `memory` or `ephemeral_storage` in MB, a number of concurrent workers (`concurrency`)
    or a `batch` of up to 10 jobs, and shares workers with its like; or for a `worker` kind of the settings.

    A project's attempts run in turn in one process, while they end well, so that modules keep their state.
    With `fresh_process`, each attempt gets a new one. With `cron`, a job is submitted at each instant: see
    `FlowSchedule`.
    """
    kind = WorkerKind(memory, ephemeral_storage, concurrency, batch, named=worker)
    plan = FlowSchedule(cron, zone, overlap, missed)
    declared = (timeout, max_attempts, backoff, backoff_cap, keep, kind, fresh_process, plan)
    return partial(_flow_of, name, declared) if function is None else _flow_of(name, declared, function)


def _flow_of(name: str | None, settings: tuple[Any, ...], function: Callable[..., Any]) -> Flow:
    if not inspect.isfunction(function):
        raise TypeError(f"@flow must be the topmost decorator of a function of a module, not of {function!r}")
    made = Flow(function, name or function.__name__.replace("_", "-"), *settings)
    for notes in _notes:
        notes.append(made)
    return made
