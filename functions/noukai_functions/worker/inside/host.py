"""The host in a flow process, which imports a project's module once and calls its flows."""

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from os import _exit, getpid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noukai.flow import Context, Flow, PermanentError
from noukai.flow.runtime import (
    ArgumentsError,
    Interrupted,
    Raised,
    Returned,
    describe_error,
    outcome_of,
    raised_by,
    run_start_hooks,
)
from noukai_functions.refusals import Refusal
from noukai_functions.telemetry.logger import logger, trace_of
from noukai_functions.worker.exchange import Answer, Call, Moment, Outcome, ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.inside.child import Guard, TraceLog
from noukai_functions.worker.inside.flow_loader import flows_of, open_folder, other_modules, projects
from noukai_functions.worker.inside.hooks import heed
from noukai_functions.worker.inside.leftovers import LeftOvers
from noukai_functions.worker.inside.log_records import flow_logger
from noukai_functions.worker.inside.surroundings import Surroundings, flush_output, pass_trace
from noukai_wire.limits import MAX_ROW_RESULT_BYTES
from noukai_wire.text import cut

if TYPE_CHECKING:
    from noukai_functions.catalog.entries import Catalog
    from noukai_functions.clock import Clock
    from noukai_functions.jobs.objects import JobObjects
    from noukai_functions.secrets.worker_secrets import FlowSecrets
    from noukai_functions.telemetry.spans import Spans

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""The variables that ask for the export of traces."""


@dataclass(slots=True)
class Host:
    """A host that imports a project's module and runs its flows."""

    project: str
    asset: Path
    catalog: "Catalog"
    clock: "Clock"
    make_objects: "Callable[[], JobObjects]"
    secrets: "FlowSecrets | None" = None
    _environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    """The environment before the module's import, which may change it."""
    _flows: dict[str, Flow] = field(default_factory=dict)
    _pid: int = field(default_factory=getpid)
    _spans: "Spans | None" = None

    def serve(self, channel: Channel, board: ProgressBoard, token: str) -> None:
        """Import the module, report that to the worker, and serve calls until the pipe closes."""
        self._pid = getpid()
        streams = sys.stdout, sys.stderr
        failed = self._import()
        channel.say(Answer(failed), token)
        if failed is not None:
            return
        self._spans = _open_spans()
        surroundings, left = Surroundings(*streams), LeftOvers()

        def heed_notice(moment: Moment) -> Answer:
            nonlocal surroundings, left
            answer = Answer(heed(moment), is_clean=True)
            # What the hooks have changed is not an attempt's.
            surroundings, left = Surroundings(*streams), LeftOvers()
            return answer

        while (received := channel.next_call(heed_notice)) is not None:
            call, token = received
            surroundings.place_temporary_files(call.folder)
            outcome = surroundings.call(partial(self.run, call, board))
            flush_output()
            is_clean = not left.exist()
            is_clean = surroundings.restore() and is_clean
            channel.say(Answer(self.kept(call, outcome), is_clean), token)
        _leave()

    def load(self) -> None:
        """Import the module, and run its functions that are decorated with `@on_start`."""
        folder = self.asset / "flows"
        if self.secrets is not None:
            self.secrets.enter()
        open_folder(folder)
        path = projects(folder)[self.project]
        self._flows.update((flow.name, flow) for flow in flows_of(path))
        others = other_modules(path)
        run_start_hooks(lambda module: module not in others)

    def run(self, call: Call, board: ProgressBoard) -> Returned | Raised:
        """Run a flow, and return its outcome."""
        attempt = _Attempt(self, call, board)
        if self._spans is None:
            return attempt.run(call.traceparent, call.tracestate)
        with self._spans.attempt(call) as span:
            outcome = attempt.run(*span.place)
            if isinstance(outcome, Raised):
                span.fail(outcome.error.partition(":")[0])
        return outcome

    def kept(self, call: Call, outcome: Returned | Raised) -> Outcome:
        """Store a result that is too large for a row as an object, while the worker extends the lease."""
        if isinstance(outcome, Raised) or len(content := outcome.result.encode()) <= MAX_ROW_RESULT_BYTES:
            return outcome
        from noukai_functions.jobs.objects import result_key  # noqa: PLC0415 - few jobs have such a result

        try:
            key = result_key(
                org=call.org,
                job_id=call.id,
                created_at=call.created_at,
                attempt=call.attempt,
                keep_seconds=call.keep_seconds,
            )
            return self._objects().put(key, content)
        except Exception as error:  # noqa: BLE001 - the job gets the error, and the process goes on
            what = f"the result of {len(content)} bytes could not be stored: {describe_error(error)}"
            return Raised(cut(what), trace=trace_of(error))

    def flow(self, call: Call) -> Flow:
        """Return the flow that a call names.

        Raises:
            PermanentError: the module does not define it here, although it did at build time.
        """
        name = call.flow.partition("/")[2]
        try:
            return self._flows[name]
        except KeyError:
            problem = (
                f"the module of {self.project!r} does not define the flow {name!r} "
                "when it is imported in the worker"
            )
            raise PermanentError(self.catalog.cannot_run(call.version, problem)) from None

    def arguments(self, call: Call) -> Mapping[str, Any]:
        """Return the flow's arguments, downloaded if necessary, and validated.

        Raises:
            PermanentError: the deployed flow does not accept them.
        """
        if call.input is not None:
            return self._uploaded(call, call.input)
        # The job may have been accepted by another deployment, with another flow of this name.
        if errors := self.catalog.errors_of(call.flow, call.arguments):
            what = "; ".join(f"{path}: {message}" for path, message in errors)
            raise ArgumentsError.of(what)
        return call.arguments

    def end_children(self) -> None:
        """End this process if it is a child that a flow has forked."""
        if getpid() != self._pid:
            flush_output()
            _exit(0)

    def _import(self) -> Raised | None:
        guard = Guard()
        guard.arm()
        try:
            guard.run(self.load)
        except Interrupted as error:
            return Raised(
                "Interrupted: the import of the flow's module was interrupted", trace=trace_of(error)
            )
        except BaseException as error:  # noqa: BLE001 - importing runs the author's code
            return Raised(raised_by(error).error, trace=trace_of(error))
        return None

    def _uploaded(self, call: Call, reference: str) -> Mapping[str, Any]:
        # Few jobs have such an input.
        from noukai_functions.jobs.objects import PayloadLostError, input_key  # noqa: PLC0415
        from noukai_functions.requests.submission import uploaded_arguments  # noqa: PLC0415

        key = input_key(call.org, reference)
        try:
            content = self._objects().read(key, key.rpartition("/")[2])
            return uploaded_arguments(content, call.flow, self.catalog)
        except PayloadLostError as lost:
            raise PayloadLostError(f"the job's input is lost: {lost}; submit the job again") from None
        except Refusal as refused:
            raise ArgumentsError(f"the uploaded input does not fit the flow: {refused.message}") from None

    def _objects(self) -> "JobObjects":
        with _shown(self._environment):
            return self.make_objects()


@dataclass(slots=True)
class _Attempt:
    """One call of a flow, with its context."""

    host: Host
    call: Call
    board: ProgressBoard
    _is_over: bool = False
    _reporting: threading.Lock = field(default_factory=threading.Lock)

    def run(self, traceparent: str | None, tracestate: str | None) -> Returned | Raised:
        """Run the flow within a trace, and return its outcome."""
        pass_trace(traceparent, tracestate)
        call, clock = self.call, self.host.clock
        over_at = min(clock.now() + call.timeout_ms, call.until)
        context = Context(
            job_id=call.id,
            attempt=call.attempt,
            org=call.org,
            logger=flow_logger,
            remaining=lambda: (over_at - clock.now()) / 1000,
            report=self._report,
            traceparent=traceparent,
            tracestate=tracestate,
            secrets=self.host.secrets.read if self.host.secrets else None,
        )
        guard, log = Guard(context.mark_cancelled), TraceLog()
        guard.arm()
        outcome = outcome_of(lambda: guard.run(lambda: self._call(context)), lambda: log)
        with self._reporting:
            self._is_over = True
        return outcome if isinstance(outcome, Returned) else replace(outcome, trace=log.trace)

    def _call(self, context: Context) -> Any:
        try:
            flow = self.host.flow(self.call)
            flow.prepare()
            return flow.run(self.host.arguments(self.call), context)
        except ArgumentsError as wrong:
            raise ArgumentsError(self.host.catalog.cannot_run(self.call.version, str(wrong))) from None
        finally:
            self.host.end_children()

    def _report(self, progress: Mapping[str, Any]) -> None:
        """Report progress, unless the reporting thread has outlived its attempt."""
        with self._reporting:
            if not self._is_over:
                self.board.write(progress)


def _open_spans() -> "Spans | None":
    """Return the spans of attempts, if the module uses OpenTelemetry or an exporter is configured."""
    exports = any(os.environ.get(name) for name in _ENDPOINTS)
    if not exports and "opentelemetry.trace" not in sys.modules:
        return None
    try:
        from noukai_functions.telemetry.spans import Spans  # noqa: PLC0415 - it imports OpenTelemetry
    except ImportError as missing:
        logger().warning("traces are not exported", extra={"reason": str(missing)})
        return None
    return Spans.open(exports=exports)


def _leave() -> None:
    """Join threads, run exit handlers and flush the streams."""
    shut_down = getattr(threading, "_shutdown", None)
    if shut_down is not None:
        shut_down()
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing does, which has the same need
    flush_output()


@contextmanager
def _shown(wanted: Mapping[str, str]) -> Iterator[None]:
    """Restore the given environment within the context, since AWS clients read it when they are made."""
    found = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(found)
