"""The span of an attempt, which its process exports to a collector."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.harness import System, output
from tests.functions.stand_ins.collector import Collector, running_collector

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with running_collector() as collector:
        monkeypatch.setenv(ENDPOINT, collector.url)
        yield collector


def run(system: System, flow: str = "tracing/show-trace", flags: str = "01", **parameters: Any) -> Any:
    sent = {"traceparent": f"00-{TRACE}-{PARENT}-{flags}"}
    job_id = system.submit(flow, headers=sent, parameters=parameters).body["id"]
    system.deliver()
    return system.status(job_id)


def test_attempt_is_a_span_of_the_callers_trace(system: System, collector: Collector) -> None:
    """Below the caller's span, with the job; what the flow and its children do is below it."""
    status = run(system)
    (span,) = collector.take(1)
    assert (span.name, span.trace, span.parent) == ("run tracing/show-trace", TRACE, PARENT)
    assert (span.kind, span.is_error, span.service) == ("CONSUMER", False, "noukai")
    assert span.attributes == {
        "noukai.org": "acme",
        "noukai.flow": "tracing/show-trace",
        "noukai.job.id": status["id"],
        "noukai.job.attempt": 1,
    }
    assert output(status)[:3] == [span.traceparent, span.traceparent, f"TRACEPARENT={span.traceparent}"]


def test_state_of_the_callers_trace_is_that_of_the_attempt(system: System, collector: Collector) -> None:
    sent = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "rojo=1,congo=2"}
    job_id = system.submit("tracing/show-trace", headers=sent).body["id"]
    system.deliver()
    collector.take(1)
    assert output(system.status(job_id))[3:6] == ["TRACESTATE=rojo=1,congo=2", *["rojo=1,congo=2"] * 2]


def test_own_spans_of_a_flow_are_below_it(system: System, collector: Collector) -> None:
    """They go the same way, also from a process that ends with the attempt."""
    run(system, "tracing/measure")
    own, span = collector.take(2)
    assert (own.name, own.trace, own.parent) == ("measured", TRACE, span.id)


def test_failed_attempt(system: System, collector: Collector) -> None:
    """The class of its error is shown, and no message: it may quote the input."""
    run(system, fails=True)
    (span,) = collector.take(1)
    assert (span.is_error, span.attributes["error.type"], span.events) == (True, "PermanentError", 0)
    assert [name for name in span.attributes if not name.startswith("noukai.")] == ["error.type"]


def test_attempt_without_a_caller_begins_a_trace(system: System, collector: Collector) -> None:
    job_ids = [system.submit("tracing/show-trace").body["id"] for _ in range(2)]
    system.deliver()
    spans = {span.attributes["noukai.job.id"]: span for span in collector.take(2)}
    seen = {job_id: output(system.status(job_id)) for job_id in job_ids}
    assert [span.parent for span in spans.values()] == ["", ""]
    assert len({span.trace for span in spans.values()}) == 2
    assert {job_id: shown[0].split("-")[1:3] for job_id, shown in seen.items()} == {
        job_id: [span.trace, span.id] for job_id, span in spans.items()
    }


def test_trace_that_is_not_sampled(system: System, collector: Collector) -> None:
    """Nothing is exported, and the flow belongs to the caller's trace all the same."""
    (context, *_) = output(run(system, flags="00"))
    assert (context[:36], context[-3:]) == (f"00-{TRACE}-", "-00")
    run(system)
    (span,) = collector.take(1)
    assert span.traceparent[:36] == context[:36]
    assert collector.spans.empty()


def test_collector_that_answers_nothing_delays_no_job_for_long(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs complete in the same process, which waits for one export only."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{silent.getsockname()[1]}")
        processes = {output(run(system))[-1] for _ in range(3)}
    assert len(processes) == 1


def test_process_without_traces_imports_nothing_for_them() -> None:
    """Neither our module nor OpenTelemetry, in a process whose module does not use it."""
    program = """
import sys
from noukai_functions.worker.inside import host
assert host._open_spans() is None
ours = ("noukai_functions.telemetry.spans", "noukai_wire.traces")
print(*(name for name in sys.modules if name.startswith("opentelemetry") or name in ours))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment
    )
    assert done.stdout == "\n"


@pytest.mark.parametrize("variables", [{ENDPOINT: "x"}, {"OTEL_SDK_DISABLED": "true", ENDPOINT: "http://x"}])
def test_unusable_exporter(
    system: System, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """Jobs run, in their callers' traces."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert output(run(system))[0].startswith(f"00-{TRACE}-")
