"""The reading of `traceparent` and `tracestate`, compared with OpenTelemetry's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from noukai_wire.traces import Trace, read_trace, read_traceparent, read_tracestate

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


_MEMBERS = st.one_of(
    st.builds("{}={}".format, st.text("ab09_-*/@ A", max_size=6), st.text("ab=, ~!\x7f", max_size=4)),
    st.sampled_from(["", " ", "\t", "rojo=1", "congo=t61rcWkgMzE", "fw529a3039@dt=FfAAA", "a=b=c"]),
)


@given(st.lists(_MEMBERS, max_size=4).map(",".join))
def test_state_is_read_as_opentelemetry_reads_it(text: str) -> None:
    """What is passed on is what OpenTelemetry would have read; it drops an invalid one in whole, too."""
    read = read_tracestate(text)
    if read is not None:
        assert trace.TraceState.from_header([text]).to_header() == read
        assert read_tracestate(read) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("rojo=1", "rojo=1"),
        (" rojo=1 ,\tcongo=2", "rojo=1,congo=2"),
        ("rojo=1,,congo=2,", "rojo=1,congo=2"),
        ("", None),
        (",", None),
        ("rojo", None),
        ("rojo=", None),
        ("Rojo=1", None),
        ("rojo=1,rojo=2", None),
        ("rojo=ä", None),
        ("rojo=1\n", None),
        (f"{'a' * 256}={'b' * 255}", f"{'a' * 256}={'b' * 255}"),
        (f"{'a' * 256}={'b' * 256}", None),
        (",".join(f"k{number}=1" for number in range(32)), ",".join(f"k{number}=1" for number in range(32))),
        (",".join(f"k{number}=1" for number in range(33)), None),
    ],
)
def test_state(text: str, read: str | None) -> None:
    """One above the 512 characters that must be passed on, or the 32 members, is dropped in whole."""
    assert read_tracestate(text) == read


def test_state_belongs_to_a_trace() -> None:
    assert read_trace(VALID, "rojo=1") == Trace(VALID, "rojo=1")
    assert read_trace(VALID, "rojo") == read_trace(VALID, None) == Trace(VALID)
    assert read_trace("x", "rojo=1") is None
