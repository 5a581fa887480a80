"""The progress bar of uploads and downloads over a slow link."""

import json
import os
import re
import subprocess
from contextlib import nullcontext
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from noukai import AsyncNoukai, Noukai
from noukai._display.bar import progress_bar
from noukai._display.bar_line import DISPLAY
from tests.client.cli.running_command import run
from tests.client.cli.terminal import on_terminal
from tests.client.cli.test_command_process import NOUKAI
from tests.client.conftest import Colour
from tests.client.io.test_slow_links import FLOW, connected, serving
from tests.client.script import JOB
from tests.client.servers.slow_link import LARGE, SlowLink, slow_link

__all__ = ["connected", "serving"]  # fixtures


@pytest.fixture(name="drawn")
def drawing(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Return what a bar is told, with its label."""
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "noukai._display.bar._bar", lambda label: nullcontext(lambda each: told.append((label, each)))
    )
    return told


class Screen(StringIO):
    """Drawings on a terminal of this process."""

    def isatty(self) -> bool:
        return True


def seen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Put a terminal in the place of what captures standard error."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    for name, value in {"TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    return screen


def test_bars_at_once_have_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar of a download is drawn below that of the jobs; neither overwrites the other."""
    screen = seen(monkeypatch)
    with progress_bar("3 jobs"), progress_bar("job_1"):
        pass
    assert re.search(r" 3 jobs [^\r\n]*\n[^\r\n]* job_1 ", screen.getvalue())
    with progress_bar("job_2"):
        pass
    assert re.search(r" job_2 ", screen.getvalue())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_child_leaves_the_bars_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread draws them, which a forked process does not have."""
    seen(monkeypatch)
    with progress_bar("3 jobs"):
        assert DISPLAY._progress is not None
        child = os.fork()
        if not child:
            os._exit(DISPLAY._progress is not None)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def steps(drawn: list[tuple[str, dict[str, Any]]], label: str, doing: str) -> list[float]:
    """Return the percentages of one whole transfer, which nothing else was drawn beside."""
    labels, told = zip(*drawn, strict=True)
    assert set(labels) == {label}
    assert (told[0], told[-1]) == ({"percent": 0, "message": f"{doing} 0.0 of 0.3 MB"}, {})
    assert told[-2] == {"percent": 100, "message": f"{doing} 0.3 of 0.3 MB"}
    return [each["percent"] for each in told[:-1]]


def test_upload_is_drawn(colour: Colour, client: Any, drawn: list[tuple[str, dict[str, Any]]]) -> None:
    """The bar goes from 0 to 100 % if it is requested."""
    colour.run(client.flow(FLOW).job(LARGE))
    assert drawn == []
    colour.run(client.flow(FLOW).job(LARGE, progress=True))
    percents = steps(drawn, FLOW, "uploading")
    assert (percents, len(percents) > 3) == (sorted(set(percents)), True)


def test_small_input_is_not_drawn(
    colour: Colour, client: Any, drawn: list[tuple[str, dict[str, Any]]]
) -> None:
    """Its submission is short, and importing rich takes long."""
    colour.run(client.flow(FLOW).job("small", progress=True))
    assert drawn == []


def test_download_is_drawn_and_is_no_progress(
    colour: Colour, client: Any, drawn: list[tuple[str, dict[str, Any]]]
) -> None:
    """The wait's bar shows it; a listener hears only of the job."""
    heard: list[dict[str, Any]] = []
    assert colour.run(client.job(JOB).wait(on_progress=heard.append, progress=True)).output == LARGE
    percents = steps(drawn, JOB, "downloading")
    assert (percents, len(percents) > 3) == (sorted(set(percents)), True)
    colour.run(client.job(JOB).wait(on_progress=heard.append))
    assert heard == []


def test_attempt_that_failed_is_drawn_no_further(
    colour: Colour, link: SlowLink, drawn: list[tuple[str, dict[str, Any]]]
) -> None:
    """The next attempt begins at 0; late pieces of the first one are ignored."""
    link.breaks = 1
    options: dict[str, Any] = {"base_url": f"{link.url}/api/v1", "timeout": 5, "jitter": lambda: 0.0}

    def blocking() -> object:
        with Noukai("nk_test", **options) as client:
            return client.job(JOB).wait(progress=True).output

    async def awaiting() -> object:
        async with AsyncNoukai("nk_test", **options) as client:
            return (await client.job(JOB).wait(progress=True)).output

    assert colour.run(awaiting() if colour.is_awaiting else blocking()) == LARGE
    percents = [told["percent"] for _, told in drawn[:-1]]
    falls = [place for place, (before, after) in enumerate(pairwise(percents), 1) if after <= before]
    assert len(falls) == 1
    assert percents[-1] == 100


@pytest.mark.parametrize(
    ("arguments", "doing"),
    [
        (["submit", FLOW, "-f", "{large}"], "uploading"),
        (["wait", JOB, "-o", "{output}"], "downloading"),
        (["map", FLOW, "-f", "{inputs}", "--wait"], "downloading"),
    ],
)
def test_command_draws_it_on_a_terminal_alone(tmp_path: Path, arguments: list[str], doing: str) -> None:
    """There is no bar in a pipe, nor with --json."""
    (tmp_path / "large").write_text(LARGE)
    (tmp_path / "inputs").write_text('"small"\n')
    words = [
        each.format(**{name: tmp_path / name for name in ("large", "output", "inputs")}) for each in arguments
    ]
    with slow_link() as link, pytest.MonkeyPatch.context() as environment:
        environment.setenv("NOUKAI_API_KEY", "nk_test")
        environment.setenv("NOUKAI_BASE_URL", f"{link.url}/api/v1")
        with on_terminal(*words) as (process, terminal):
            shown = terminal.read()
        assert process.returncode == 0, shown
        assert re.search(rf"{doing} 0\.[123] of 0\.3 MB", shown), shown
        silent = subprocess.run([NOUKAI, *words], capture_output=True, text=True, check=True)
        assert silent.stderr == ""
        for_programs = [*words[:2], *(words[2:] if words[0] != "wait" else []), "--json"]
        with on_terminal(*for_programs) as (process, terminal):
            shown = terminal.read()
        assert (process.returncode, doing in shown, "\x1b" in shown) == (0, False, False)


@pytest.mark.parametrize("arguments", [["wait", JOB, "--json"], ["wait", JOB]])
def test_result_is_downloaded_once(arguments: list[str]) -> None:
    """The status that --json prints holds the result that the wait has fetched."""
    with slow_link() as link, pytest.MonkeyPatch.context() as environment:
        environment.setenv("NOUKAI_API_KEY", "nk_test")
        environment.setenv("NOUKAI_BASE_URL", f"{link.url}/api/v1")
        exit_code, printed, _ = run(*arguments)
    assert exit_code == 0
    assert LARGE in (json.loads(printed)["result"]["output"] if "--json" in arguments else printed)
    assert link.downloads == 1
