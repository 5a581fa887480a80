"""A job in the trace of a program, from its submission to the flow's children, exported to a collector."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from noukai import AsyncNoukai, JobFailedError, Noukai
from tests.e2e.local_system import KEY, LocalSystem
from tests.functions.stand_ins.collector import Collector, SeenSpan, running_collector

FLOWS = '''
import os, subprocess
from noukai.flow import Context, flow

@flow(max_attempts=2, backoff=0)
def look(fails: bool = False, *, context: Context) -> list[str]:
    """Show the trace in the context, in the environment and in a child's."""
    if fails:
        raise ValueError("not shown")
    child = subprocess.run(["/bin/sh", "-c", "echo $TRACEPARENT"], capture_output=True, text=True)
    return [context.traceparent, os.environ["TRACEPARENT"], child.stdout.strip()]
'''


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def program(collector: Collector) -> Iterator[TracerProvider]:
    """Yield the tracer provider of the program that has the client."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{collector.url}/v1/traces")))
    # Not set for the whole process of the tests, which could not be undone.
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(trace, "get_tracer", provider.get_tracer)
        yield provider
    provider.shutdown()


@pytest.fixture(scope="module")
def url(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    flows = tmp_path_factory.mktemp("flows")
    (flows / "seeing.py").write_text(FLOWS)
    libraries = "opentelemetry-sdk\nopentelemetry-exporter-otlp-proto-http\n"
    (flows / "requirements.txt").write_text(libraries)
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "flows"}
    with LocalSystem.start(flows, {"environment": environment}) as system:
        yield system.url


def submitted_and_awaited(url: str, **parameters: Any) -> Any:
    with Noukai(KEY, base_url=url, org="acme", project="seeing") as client:
        return client.flow("look").job(parameters=parameters).wait().output


def awaited(url: str, **parameters: Any) -> Any:
    async def call() -> Any:
        async with AsyncNoukai(KEY, base_url=url, org="acme", project="seeing") as client:
            return (await (await client.flow("look").job(parameters=parameters)).wait()).output

    return asyncio.run(call())


def named(spans: list[SeenSpan]) -> dict[str, SeenSpan]:
    return {span.name: span for span in spans}


@pytest.mark.parametrize("call", [submitted_and_awaited, awaited])
def test_job_is_in_the_trace_of_its_program(
    url: str, program: TracerProvider, collector: Collector, call: Callable[..., Any]
) -> None:
    """The program's span is above submission and wait, the submission's above the attempt's."""
    with trace.get_tracer("program").start_as_current_span("order"):
        seen = call(url)
    program.force_flush()
    spans = named(collector.take(4))
    order, submit, wait, run = (
        spans[name] for name in ("order", "submit seeing/look", "wait", "run seeing/look")
    )
    assert {span.trace for span in spans.values()} == {order.trace}
    assert (order.parent, submit.parent, wait.parent, run.parent) == ("", order.id, order.id, submit.id)
    job_id = submit.attributes["noukai.job.id"]
    flow = {"noukai.org": "acme", "noukai.flow": "seeing/look", "noukai.job.id": job_id}
    assert submit.attributes == {**flow, "noukai.jobs": 1}
    assert wait.attributes == {"noukai.job.id": job_id}
    assert run.attributes == {**flow, "noukai.job.attempt": 1}
    assert (submit.kind, wait.kind, run.kind) == ("PRODUCER", "CLIENT", "CONSUMER")
    assert run.service == "flows"
    assert {text.split("-")[2] for text in seen} == {run.id}
    assert not any(span.is_error for span in spans.values())


def test_each_attempt_is_a_span(url: str, program: TracerProvider, collector: Collector) -> None:
    """They are below the same submission, and show the class of the error alone."""
    with pytest.raises(JobFailedError):
        submitted_and_awaited(url, fails=True)
    program.force_flush()
    first, second, submit, wait = collector.take(4)
    assert [first.name, second.name, submit.name, wait.name] == [
        *["run seeing/look"] * 2,
        "submit seeing/look",
        "wait",
    ]
    assert {first.parent, second.parent} == {submit.id}
    assert {span.attributes["noukai.job.attempt"] for span in (first, second)} == {1, 2}
    assert [span.attributes["error.type"] for span in (first, second, wait)] == [
        "ValueError",
        "ValueError",
        "JobFailedError",
    ]
    assert wait.trace != first.trace
