"""The reading of `traceparent`, compared with OpenTelemetry's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from noukai_wire.traces import read_traceparent

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
VALID = f"00-{TRACE}-{PARENT}-01"

_PARTS = st.tuples(
    st.sampled_from(["00", "01", "cc", "ff", "0", "0A"]),
    st.sampled_from([TRACE, TRACE[:-1], TRACE + "0", TRACE.upper(), "0" * 32, TRACE[:-1] + "g"]),
    st.sampled_from([PARENT, PARENT[:-1], PARENT.upper(), "0" * 16]),
    st.sampled_from(["00", "01", "02", "03", "ff", "1", "0g", "0A"]),
    # No line ends, which a header cannot hold: OpenTelemetry's pattern lets one stand at the end.
    st.sampled_from(["", "-", "-x", "-what the future holds", "x", " ", "\t"]),
)


def as_opentelemetry_reads(text: str) -> tuple[str, str] | None:
    context = TraceContextTextMapPropagator().extract({"traceparent": text})
    span = trace.get_current_span(context).get_span_context()
    return (f"{span.trace_id:032x}", f"{span.span_id:016x}") if span.is_valid else None


@given(_PARTS.map(lambda parts: "-".join(parts[:4]) + parts[4]))
def test_it_is_read_as_opentelemetry_reads_it(text: str) -> None:
    """A flow that hands it to OpenTelemetry continues the caller's trace, or there is none for either."""
    read = read_traceparent(text)
    assert (read and tuple(read.split("-")[1:3])) == as_opentelemetry_reads(text)
    assert read is None or as_opentelemetry_reads(read) == as_opentelemetry_reads(text)


@given(st.text(max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    assert read_traceparent(text) in (None, text.strip(" \t"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (VALID, VALID),
        (f" {VALID}\t", VALID),
        (f"00-{TRACE}-{PARENT}-03", f"00-{TRACE}-{PARENT}-03"),
        (f"cc-{TRACE}-{PARENT}-01", VALID),
        (f"cc-{TRACE}-{PARENT}-fe-{'x' * 9000}", f"00-{TRACE}-{PARENT}-00"),
        (f"{VALID}-x", None),
        (f"{VALID},{VALID}", None),
        (f"{VALID}\0", None),
        (f"00-{TRACE}-{PARENT}-\N{ARABIC-INDIC DIGIT ZERO}1", None),
    ],
)
def test_value(text: str, read: str | None) -> None:
    """A later version is passed on as version 00, with the flag that this version knows."""
    assert read_traceparent(text) == read
