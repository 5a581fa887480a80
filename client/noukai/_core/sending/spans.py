"""The spans of the client's calls, in the program's own tracer provider."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from noukai._core.address import FlowAddress
from noukai_wire.traces import ERROR_TYPE, FLOW, INSTRUMENTATION, JOB_ID, JOBS, ORG

if TYPE_CHECKING:
    from opentelemetry.trace import Span


class CallSpan:
    """The span of a call, or nothing if the program does not use OpenTelemetry, which is not imported then.

    It is not made the current span: an operation would leave it to the code that runs between its steps.
    """

    def __init__(self, kind: Literal["PRODUCER", "CLIENT"], name: str, about: dict[str, str | int]) -> None:
        self.headers: dict[str, str] = {}
        """The headers that make a request a part of the trace."""
        self._span: Span | None = None
        if "opentelemetry.trace" not in sys.modules:
            return
        from opentelemetry import trace  # noqa: PLC0415 - see above
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        tracer = trace.get_tracer(INSTRUMENTATION)
        self._span = tracer.start_span(name, kind=trace.SpanKind[kind], attributes=about)
        TraceContextTextMapPropagator().inject(self.headers, trace.set_span_in_context(self._span))

    def note_job(self, job_id: str) -> None:
        """Record the id of the job, which was not known at the beginning."""
        if self._span is not None:
            self._span.set_attribute(JOB_ID, job_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the span; an error is shown by its class alone. Leaving an iteration early is none."""
        if self._span is None:
            return
        if kind is not None and kind is not GeneratorExit:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415 - as above

            self._span.set_attribute(ERROR_TYPE, kind.__name__)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def submission_span(address: FlowAddress, jobs: int = 1) -> CallSpan:
    """Return the span of a request that submits jobs of a flow."""
    flow = f"{address.project}/{address.flow}"
    return CallSpan("PRODUCER", f"submit {flow}", {ORG: address.org, FLOW: flow, JOBS: jobs})


def retry_span(job_id: str) -> CallSpan:
    """Return the span of a request that submits a job again."""
    return CallSpan("PRODUCER", "retry", {JOB_ID: job_id})


def wait_span(job_id: str) -> CallSpan:
    """Return the span of a wait for a job."""
    return CallSpan("CLIENT", "wait", {JOB_ID: job_id})


def completion_span(jobs: int) -> CallSpan:
    """Return the span of an iteration over jobs as they end."""
    return CallSpan("CLIENT", "as_completed", {JOBS: jobs})
