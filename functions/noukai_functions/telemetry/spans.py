"""The spans of attempts, which OpenTelemetry exports. Imported only where it is used."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from noukai_functions.telemetry.logger import SERVICE, logger
from noukai_wire.traces import (
    ATTEMPT,
    ERROR_TYPE,
    FLOW,
    INSTRUMENTATION,
    JOB_ID,
    ORG,
    TRACEPARENT,
    TRACESTATE,
)

_FLUSH_SECONDS = 1.0
"""The longest wait for a collector after an attempt, so that a slow one does not delay the jobs."""
_SERVICE_NAME = "service.name"


class Attempt(Protocol):
    """The attempt that a span is about."""

    @property
    def id(self) -> str:
        """Return the job's id."""

    @property
    def org(self) -> str:
        """Return the job's org."""

    @property
    def flow(self) -> str:
        """Return `project/flow`."""

    @property
    def attempt(self) -> int:
        """Return the attempt's number."""

    @property
    def traceparent(self) -> str | None:
        """Return the span of the submission's caller."""

    @property
    def tracestate(self) -> str | None:
        """Return what tracing systems have added to it."""


class Span:
    """The span of an attempt; it does not record if the trace is not sampled."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def place(self) -> tuple[str | None, str | None]:
        """Return the headers of its children: without a recording provider, those of its parent."""
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier, trace.set_span_in_context(self._span))
        return carrier.get(TRACEPARENT), carrier.get(TRACESTATE)

    def fail(self, error_type: str) -> None:
        """Mark the attempt as failed, by the name of its exception's class."""
        self._span.set_attribute(ERROR_TYPE, error_type)
        self._span.set_status(trace.StatusCode.ERROR)


class Spans:
    """The spans of a flow process, in the provider of the flow's module, or in one of our own."""

    def __init__(self) -> None:
        self._flush: threading.Thread | None = None

    @classmethod
    def open(cls, *, exports: bool) -> "Spans | None":
        """Return the spans, in a provider that exports as the `OTEL_…` variables say if `exports`.

        A provider of the module takes precedence. Without either, nothing is recorded. Returns None, with a
        warning, if the exporter cannot be made.
        """
        try:
            if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider) and exports:
                _export()
        except Exception:  # noqa: BLE001 - the flow's libraries and variables: its jobs run without spans
            logger().warning("traces are not exported", exc_info=True)
            return None
        return cls()

    @contextmanager
    def attempt(self, attempt: Attempt) -> Iterator[Span]:
        """Begin the span of an attempt, which is current within the context; export it at the end."""
        headers = {TRACEPARENT: attempt.traceparent, TRACESTATE: attempt.tracestate}
        carrier = {name: value for name, value in headers.items() if value is not None}
        parent = TraceContextTextMapPropagator().extract(carrier)
        about: dict[str, str | int] = {
            ORG: attempt.org,
            FLOW: attempt.flow,
            JOB_ID: attempt.id,
            ATTEMPT: attempt.attempt,
        }
        span = trace.get_tracer(INSTRUMENTATION).start_span(
            f"run {attempt.flow}", parent, trace.SpanKind.CONSUMER, about
        )
        with trace.use_span(span, end_on_exit=True, record_exception=False):
            yield Span(span)
        self.flush()

    def flush(self) -> None:
        """Flush the spans that have ended, since Lambda freezes this process after the attempt.

        Waits for a second at most, and not at all while the previous export still runs: SDKs ignore the time
        limit of a flush. A daemon thread may outlive the attempt.
        """
        flush = getattr(trace.get_tracer_provider(), "force_flush", None)
        if flush is None or (self._flush is not None and self._flush.is_alive()):
            return
        with suppress(RuntimeError):  # no thread is left
            self._flush = threading.Thread(target=flush, name="noukai-export", daemon=True)
            self._flush.start()
            self._flush.join(_FLUSH_SECONDS)


def _export() -> None:
    """Set up a provider that exports by OTLP over HTTP."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as below
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as below
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as below
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - a flow's own may be another

    resource = Resource.create()
    if str(resource.attributes.get(_SERVICE_NAME, "")).startswith("unknown_service"):
        resource = resource.merge(Resource({_SERVICE_NAME: SERVICE}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
