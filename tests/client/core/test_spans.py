"""The client's calls in the traces of its program, in both colours."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from noukai import JobFailedError, Noukai, WaitTimeoutError, as_completed
from tests.client.conftest import Colour
from tests.client.script import job

FLOW = "acme/demo/word-count"
ABOUT = {"noukai.org": "acme", "noukai.flow": "demo/word-count"}
ID = str(job("pending")["id"])


class Recorded:
    """The spans of a program, and the requests of its client."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter
        self.requests: list[httpx.Request] = []
        self.end: dict[str, Any] = job("completed")

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/batch"):
            return httpx.Response(202, json={"jobs": [{"job": {**job("pending"), "flow": FLOW}}] * 2})
        if request.method == "POST":
            return httpx.Response(202, json={**job("pending"), "flow": FLOW})
        return httpx.Response(200, json=self.end)

    @property
    def spans(self) -> list[Any]:
        """Return the spans that have ended, in order."""
        return list(self._exporter.get_finished_spans())


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    """Yield the program's tracer provider, for one test."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield Recorded(exporter)
    provider.shutdown()


def value_of(span: Any) -> str:
    """Return the header that names a span as the parent."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def test_submission_and_wait(colour: Colour, recorded: Recorded) -> None:
    """Both are spans below the program's own; the submission's is the parent of the job."""
    client = colour.client(recorded.handle)
    with trace.get_tracer("program").start_as_current_span("program") as program:
        submitted = colour.run(client.flow(FLOW).job("to be"))
        colour.run(submitted.wait())
        assert trace.get_current_span() is program
    submit, wait, own = recorded.spans
    assert (submit.name, submit.kind, submit.parent) == (
        "submit demo/word-count",
        trace.SpanKind.PRODUCER,
        own.get_span_context(),
    )
    assert submit.attributes == {**ABOUT, "noukai.jobs": 1, "noukai.job.id": ID}
    assert (wait.name, wait.kind, wait.parent) == ("wait", trace.SpanKind.CLIENT, own.get_span_context())
    assert wait.attributes == {"noukai.job.id": ID}
    assert [request.headers.get("traceparent") for request in recorded.requests] == [value_of(submit), None]


def test_execution_and_batch(colour: Colour, recorded: Recorded) -> None:
    """`execute` is a submission and a wait; the jobs of one request have one span."""
    client = colour.client(recorded.handle)
    colour.run(client.flow(FLOW).execute("to be"))
    colour.collect(client.flow(FLOW).map(["a", "b"]))
    submit, wait, batch = recorded.spans
    assert [submit.name, wait.name, batch.name] == [
        "submit demo/word-count",
        "wait",
        "submit demo/word-count",
    ]
    assert batch.attributes == {**ABOUT, "noukai.jobs": 2}
    assert recorded.requests[-1].headers["traceparent"] == value_of(batch)


def test_retry(colour: Colour, recorded: Recorded) -> None:
    colour.run(colour.client(recorded.handle).job(ID).retry())
    (retry,) = recorded.spans
    assert (retry.name, dict(retry.attributes)) == ("retry", {"noukai.job.id": ID})
    assert recorded.requests[0].headers["traceparent"] == value_of(retry)


def test_failed_job(colour: Colour, recorded: Recorded) -> None:
    """The wait's span has the class of the error, and no text of the flow's."""
    recorded.end = {**job("failed"), "error": "ValueError: secret"}
    with pytest.raises(JobFailedError):
        colour.run(colour.client(recorded.handle).job(ID).wait())
    (wait,) = recorded.spans
    assert (wait.status.status_code, wait.status.description) == (trace.StatusCode.ERROR, None)
    assert wait.attributes == {"noukai.job.id": ID, "error.type": "JobFailedError"}
    assert wait.events == ()


def test_refused_submission(colour: Colour, recorded: Recorded) -> None:
    client = colour.client(lambda _: httpx.Response(404, json={"detail": {"code": "FLOW_NOT_FOUND"}}))
    with pytest.raises(Exception, match="404"):
        colour.run(client.flow(FLOW).job("to be"))
    (submit,) = recorded.spans
    assert submit.attributes == {**ABOUT, "noukai.jobs": 1, "error.type": "FlowNotFoundError"}


def test_retried_request_is_the_same_span(colour: Colour, recorded: Recorded) -> None:
    """It is one submission, whose job has one parent."""
    answers = iter([httpx.Response(503), httpx.Response(202, json={**job("pending"), "flow": FLOW})])

    def handle(request: httpx.Request) -> httpx.Response:
        recorded.requests.append(request)
        return next(answers)

    colour.run(colour.client(handle).flow(FLOW).job("to be"))
    (submit,) = recorded.spans
    assert [request.headers["traceparent"] for request in recorded.requests] == [value_of(submit)] * 2


def test_caller_of_the_program_is_the_parent_without_a_provider(colour: Colour) -> None:
    """A program that only passes traces on, as a proxy does, has no spans of its own."""
    requests: list[httpx.Request] = []
    value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(202, json={**job("pending"), "flow": FLOW})

    caller = trace.SpanContext(
        0x0AF7651916CD43DD8448EB211C80319C,
        0xB7AD6B7169203331,
        is_remote=True,
        trace_flags=trace.TraceFlags(1),
    )
    client = colour.client(handle)
    with trace.use_span(trace.NonRecordingSpan(caller)):
        colour.run(client.flow(FLOW).job("to be"))
    colour.run(client.flow(FLOW).job("to be"))
    assert [request.headers.get("traceparent") for request in requests] == [value, None]


def test_state_of_the_callers_trace_is_sent(colour: Colour) -> None:
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(202, json={**job("pending"), "flow": FLOW})

    state = trace.TraceState([("rojo", "1"), ("congo", "2")])
    caller = trace.SpanContext(1, 1, is_remote=True, trace_flags=trace.TraceFlags(1), trace_state=state)
    client = colour.client(handle)
    with trace.use_span(trace.NonRecordingSpan(caller)):
        colour.run(client.flow(FLOW).job("to be"))
    assert requests[0].headers["tracestate"] == "rojo=1,congo=2"


def answer_statuses(state: str) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        ids = json.loads(request.content)["ids"]
        entries = [{"id": each, "job": {**job(state), "id": each}, "retryAfterMs": 5000} for each in ids]
        return httpx.Response(200, json={"jobs": entries})

    return handle


def test_iteration_over_jobs_is_a_span(colour: Colour, recorded: Recorded) -> None:
    """Below the program's own, with their number; it ends with the iteration, also with one left early."""
    client = colour.client(answer_statuses("completed"))
    ids = [f"job_{letter * 26}" for letter in "abc"]
    with trace.get_tracer("program").start_as_current_span("program") as program:
        assert len(colour.collect(as_completed([client.job(each) for each in ids]))) == 3
    (span, _) = recorded.spans
    assert (span.name, span.kind) == ("as_completed", trace.SpanKind.CLIENT)
    assert span.attributes == {"noukai.jobs": 3}
    assert span.parent == program.get_span_context()
    assert span.status.status_code is trace.StatusCode.UNSET


def test_iteration_that_is_left_early_has_no_error(recorded: Recorded) -> None:
    client = Noukai(
        "nk_test",
        base_url="https://api.test/api/v1",
        http_client=httpx.Client(transport=httpx.MockTransport(answer_statuses("completed"))),
    )
    jobs = iter(as_completed([client.job(f"job_{letter * 26}") for letter in "abc"]))
    next(jobs)
    jobs.close()  # type: ignore[attr-defined]  # it is a generator
    (span,) = recorded.spans
    assert (span.name, span.attributes) == ("as_completed", {"noukai.jobs": 3})
    assert span.status.status_code is trace.StatusCode.UNSET


def test_iteration_that_is_too_late(colour: Colour, recorded: Recorded) -> None:
    client = colour.client(answer_statuses("running"))
    with pytest.raises(WaitTimeoutError):
        colour.collect(as_completed([client.job(ID)], timeout_ms=1000))
    (span,) = recorded.spans
    assert span.attributes == {"noukai.jobs": 1, "error.type": "WaitTimeoutError"}


def test_opentelemetry_is_not_imported() -> None:
    """A program that does not use it neither loads it with the client, nor sends a header."""
    program = """
import httpx, sys
from noukai import Noukai
from tests.client.script import job
def handle(request):
    assert "traceparent" not in request.headers
    return httpx.Response(202, json={**job("pending"), "flow": "acme/demo/word-count"})
client = Noukai("nk_test", base_url="https://api.test/api/v1", http_client=httpx.Client(
    transport=httpx.MockTransport(handle)))
client.flow("acme/demo/word-count").job("to be")
print(*(name for name in sys.modules if name.startswith("opentelemetry")))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "\n"
