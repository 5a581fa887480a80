"""The log lines of an exception."""

from collections.abc import Callable

import pytest

from noukai_functions.telemetry.logger import trace_of

TEXT = "a word of the input"


def fail(text: str) -> None:
    raise ValueError(text)


def failing_because() -> None:
    try:
        fail(TEXT)
    except ValueError as error:
        raise KeyError(TEXT) from error


def failing_while_handling() -> None:
    try:
        fail(TEXT)
    except ValueError:
        raise KeyError(TEXT)  # noqa: B904 - that it has a context alone is what is tested


def failing_in_a_group() -> None:
    try:
        fail(TEXT)
    except ValueError as error:
        raise ExceptionGroup(TEXT, [error]) from None


def test_trace_is_bounded() -> None:
    """The answer of a flow's process must hold it."""
    code = f"def {'f' * 60_000}(): raise KeyError(1)\n{'f' * 60_000}()"
    with pytest.raises(KeyError) as raised:
        exec(compile(code, "long.py", "exec"), {})
    trace = trace_of(raised.value)
    assert len(trace) < 40_000
    assert trace.endswith("KeyError")


@pytest.mark.parametrize(
    ("run", "kinds"),
    [
        (lambda: fail(TEXT), ["ValueError"]),
        (failing_because, ["ValueError", "KeyError"]),
        (failing_while_handling, ["ValueError", "KeyError"]),
        (failing_in_a_group, ["ValueError", "ExceptionGroup"]),
    ],
)
def test_trace_has_every_place_and_no_text(run: Callable[[], None], kinds: list[str]) -> None:
    """The exception comes after its causes and its group's members."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - of several kinds
        run()
    trace = trace_of(raised.value)
    assert [
        line for line in trace.splitlines() if line in {"ValueError", "KeyError", "ExceptionGroup"}
    ] == kinds
    assert "raise ValueError(text)" in trace
    assert TEXT not in trace
