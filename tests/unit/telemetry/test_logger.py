"""The log lines of an exception."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

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


def test_files_are_named_below_their_import_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest one, which may be a link: of the flows as of libraries. Another file keeps its path."""
    (tmp_path / "asset" / "flows").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "asset")
    monkeypatch.setattr("sys.path", ["", str(tmp_path), f"{tmp_path}/link/", *sys.path])
    flow = tmp_path / "asset" / "flows" / "demo.py"
    with pytest.raises(ValueError, match="Expecting") as raised:
        exec(compile("import json\njson.loads('{')", str(flow), "exec"), {})
    files = re.findall('  File "(.*)", line', trace_of(raised.value))
    assert files[-4:] == ["flows/demo.py", "json/__init__.py", "json/decoder.py", "json/decoder.py"]
    with pytest.raises(ValueError, match="no") as raised:
        exec(compile("raise ValueError('no')", "/elsewhere/demo.py", "exec"), {})
    assert '  File "/elsewhere/demo.py", line 1' in trace_of(raised.value)
