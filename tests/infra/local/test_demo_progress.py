"""The progress of the demo."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from noukai_infra.local.demo.progress import DemoProgress, keep_seconds, read_seconds

EXPECTED = {"load": 2.0, "build": 6.0, "run": 10.0}


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def progress_on(stream: io.StringIO, clock: Clock, *, is_terminal: bool) -> DemoProgress:
    console = Console(file=stream, force_terminal=is_terminal, width=60, highlight=False, _environ={})
    return DemoProgress(EXPECTED, console, clock)


def test_without_a_terminal_each_step_is_a_line_with_what_is_left() -> None:
    """The first is shown at once; a step of unexpected length changes the time that is left."""
    stream, clock = io.StringIO(), Clock()
    progress = progress_on(stream, clock, is_terminal=False)
    with progress.shown():
        progress.begin("load")
        clock.now += 5
        assert progress.left() == 16.0
        progress.begin("build")
        clock.now += 1
        progress.begin("run")
        clock.now += 10
    assert stream.getvalue().splitlines() == [
        "  0.0 s  load (about 18 s left)",
        "  5.0 s  build (about 16 s left)",
        "  6.0 s  run (about 10 s left)",
    ]
    assert progress.taken() == {"load": 5.0, "build": 1.0, "run": 10.0}
    assert progress.left() == 0.0


def test_a_terminal_shows_what_each_step_took_and_the_present_one_as_it_goes() -> None:
    """The lines of the steps that have ended stay."""
    stream, clock = io.StringIO(), Clock()
    progress = progress_on(stream, clock, is_terminal=True)
    with progress.shown():
        progress.begin("load")
        clock.now += 5
        progress.begin("build")
    assert "  5.0 s  load\n" in stream.getvalue().replace("\r", "")
    assert "  0.0 s  build (about 16 s left)" in stream.getvalue()


def test_the_next_demo_expects_what_the_last_one_took(tmp_path: Path) -> None:
    """Without one, or with one of other steps, it expects what is usual."""
    file = tmp_path / "build" / "demo.json"
    assert read_seconds(file, EXPECTED) == EXPECTED
    taken = {"load": 1.5, "build": 3.0, "run": 9.0}
    keep_seconds(file, taken)
    assert read_seconds(file, EXPECTED) == taken
    assert read_seconds(file, {**EXPECTED, "more": 1.0}) == {**EXPECTED, "more": 1.0}


@pytest.mark.parametrize(
    "text", ["", "[]", json.dumps({**EXPECTED, "load": "soon"}), json.dumps({**EXPECTED, "load": None})]
)
def test_a_spoilt_file_of_the_last_demo_is_none(tmp_path: Path, text: str) -> None:
    """What it says is not believed."""
    (tmp_path / "demo.json").write_text(text)
    assert read_seconds(tmp_path / "demo.json", EXPECTED) == EXPECTED
