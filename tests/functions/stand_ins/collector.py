"""A collector of traces on loopback, which takes OTLP over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

_WAIT_SECONDS = 30


@dataclass(frozen=True)
class SeenSpan:
    """A span as the collector has it."""

    name: str
    trace: str
    id: str
    parent: str
    """Empty for the first span of a trace."""
    kind: str
    is_error: bool
    events: int
    """The number of its events, exceptions among them."""
    attributes: Mapping[str, Any]
    service: str

    @property
    def traceparent(self) -> str:
        """Return the value that names it as a parent."""
        return f"00-{self.trace}-{self.id}-01"


@dataclass(frozen=True)
class Collector:
    """A collector at a URL; `spans` has what was exported to it."""

    url: str
    spans: "Queue[SeenSpan]" = field(default_factory=Queue)

    def take(self, count: int) -> list[SeenSpan]:
        """Wait for a number of spans; return them in the order of their names."""
        return sorted(
            (self.spans.get(timeout=_WAIT_SECONDS) for _ in range(count)), key=lambda span: span.name
        )


@contextmanager
def running_collector() -> Iterator[Collector]:
    """Start a collector on a free port; stop it at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            for span in _spans(content):
                collector.spans.put(span)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _spans(content: bytes) -> Iterator[SeenSpan]:
    for resource in ExportTraceServiceRequest.FromString(content).resource_spans:
        service = _values(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SeenSpan(
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    is_error=span.status.code == Status.STATUS_CODE_ERROR,
                    events=len(span.events),
                    attributes=_values(span.attributes),
                    service=service,
                )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes}
