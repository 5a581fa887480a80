"""A flow that shows the trace that it belongs to."""

import os
import subprocess

from noukai.flow import Context, PermanentError, flow


@flow(max_attempts=1)
def show_trace(
    fails: bool = False,
    ballast: str = "",  # noqa: ARG001 - it fills the message
    *,
    context: Context,
) -> list[str | int | None]:
    """Return the trace in the context, in the environment and in a child's, and the process."""
    child = subprocess.run(["/usr/bin/env"], check=True, capture_output=True, text=True)
    found = [line for line in child.stdout.splitlines() if line.startswith(("TRACEPARENT=", "TRACESTATE="))]
    shown = [context.traceparent, os.environ.get("TRACEPARENT"), *sorted(found)]
    if context.tracestate or "TRACESTATE" in os.environ:
        shown += [context.tracestate, os.environ.get("TRACESTATE")]
    if fails:
        raise PermanentError(repr(shown))
    return [*shown, os.getpid()]


@flow(fresh_process=True)
def measure() -> None:
    """Record a span of its own."""
    from opentelemetry import trace  # noqa: PLC0415 - the other flow does without

    with trace.get_tracer("flows").start_as_current_span("measured"):
        pass
