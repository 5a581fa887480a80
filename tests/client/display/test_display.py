"""The display of jobs in terminals and notebooks, and the bar of a wait."""

import asyncio
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from rich.console import Console

from noukai import JobStatus
from tests.client.conftest import Colour
from tests.client.script import ACCEPTED, JOB, job

EVIL = "<script>alert(1)</script>&'\"\x1b[2J\x1b]0;owned\x07\u202e[bold]\n"


def status(state: str = "running", **fields: Any) -> JobStatus:
    return JobStatus.model_validate(job(state, **fields))


EVERYWHERE = job(
    "completed",
    id=EVIL,
    flow=EVIL,
    attempt=1,
    maxAttempts=3,
    startedAt="2026-01-01T00:00:01.000Z",
    completedAt="2026-01-01T00:00:03.500Z",
    expiresAt=EVIL,
    progress={"message": EVIL, EVIL: EVIL},
    error=EVIL,
    lastError=EVIL,
    metadata={EVIL: EVIL},
    retryOf=EVIL,
    result={"status": "completed", "output": {EVIL: EVIL}},
)


class Page(HTMLParser):
    """The elements and the text of some HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def drawn(shown: object) -> str:
    """Return what rich draws of an object in a wide terminal, with colours."""
    console = Console(
        file=io.StringIO(), force_terminal=True, width=300, color_system="truecolor", _environ={}
    )
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_status_shows_itself_in_a_notebook() -> None:
    """A table has the known facts; while the job runs, it has a progress bar."""
    page = Page(status(progress={"percent": 40, "message": "counting"}, attempt=1)._repr_html_())
    assert {"table", "progress"} <= set(page.elements)
    assert ("value", "40") in page.attributes
    assert "40 % counting" in page.text
    assert "completed" in Page(status("completed")._repr_html_()).text
    assert "progress" not in Page(status("completed", progress={"percent": 40})._repr_html_()).elements


def test_status_shows_itself_on_a_terminal() -> None:
    """rich draws the same facts in lines, with the result below."""
    text = plain(drawn(status("completed", flow="acme/demo/word-count", attempt=2, maxAttempts=3)))
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    assert rows == [
        ["job", JOB],
        ["state", "completed"],
        ["flow", "acme/demo/word-count"],
        ["attempt", "2 of 3"],
        ["submitted", "2026-01-01T00:00:00.000Z"],
        ["result", "42"],
    ]


def test_nothing_that_a_job_says_is_html() -> None:
    """A job's texts become no element, no attribute and no control character."""
    shown = JobStatus.model_validate(EVERYWHERE)._repr_html_()
    page = Page(shown)
    assert set(page.elements) <= {"table", "tr", "th", "td", "b", "pre"}
    assert {name for name, _ in page.attributes} == {"style"}
    assert "<script>alert(1)</script>&'" in page.text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    running = JobStatus.model_validate({**EVERYWHERE, "state": EVIL})._repr_html_()
    assert "script" not in Page(running).elements


def test_nothing_that_a_job_says_commands_a_terminal() -> None:
    """Only rich's own colours reach the terminal; markup in texts is not interpreted."""
    for state in ("completed", EVIL):
        text = plain(drawn(JobStatus.model_validate({**EVERYWHERE, "state": state})))
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
        assert "[bold]" in text


def test_large_result_is_cut_in_a_notebook() -> None:
    """A notebook stores what it shows, and a result may have 256 KB."""
    result = {"status": "completed", "output": "x" * 100_000}
    assert len(status("completed", result=result)._repr_html_()) < 5000


def test_job_shows_itself(colour: Colour) -> None:
    """A job is shown by its id, and its flow if known; no request is sent for it."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/jobs"), "only the submission"
        return httpx.Response(202, json=ACCEPTED)

    client = colour.client(answer, org="acme", project="demo")
    submitted = colour.run(client.flow("word-count").job())
    assert JOB in Page(submitted._repr_html_()).text
    assert "acme/demo/word-count" in Page(submitted._repr_html_()).text
    assert plain(drawn(submitted)).split() == [
        "job",
        JOB,
        "flow",
        ACCEPTED["flow"],
        "submitted",
        ACCEPTED["createdAt"],
    ]
    assert plain(drawn(client.job("job_2"))).split() == ["job", "job_2"]


class ZMQInteractiveShell(InteractiveShell):
    """IPython as a kernel of Jupyter runs it, by whose name it is known for a notebook."""


@pytest.fixture
def notebook() -> Iterator[None]:
    """Yield a notebook's shell around this process."""
    shell = ZMQInteractiveShell.instance()
    shell.builtin_trap.activate()
    try:
        yield
    finally:
        shell.builtin_trap.deactivate()
        ZMQInteractiveShell.clear_instance()


def answering(*bodies: dict[str, Any]) -> Any:
    left = list(bodies)
    return lambda _: httpx.Response(200, json=left.pop(0), headers={"Retry-After": "0"})


HALF = {"percent": 50, "message": "<half>"}


@pytest.mark.usefixtures("notebook")
def test_bar_of_a_wait_in_a_notebook(colour: Colour) -> None:
    """One bar is drawn, updated and removed at the end; only IPython is needed for it."""
    heard: list[dict[str, Any]] = []
    client = colour.client(answering(job(progress=HALF), job("completed")))
    with capture_output() as captured:
        result = colour.run(client.job(JOB).wait(on_progress=heard.append, progress=True))
    assert (result.output, heard) == (42, [HALF])
    first, half, last = [output.data["text/html"] for output in captured.outputs]
    assert (Page(first).elements, "value" in first) == (["progress"], False)
    assert ("value", "50") in Page(half).attributes
    assert "50 % <half>" in Page(half).text
    assert last == ""
    assert [output.update for output in captured.outputs] == [False, True, True]


def test_bar_of_a_wait_on_a_terminal(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar is drawn on stderr, and a listener still gets every report."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, heard = Terminal(), []
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    client = colour.client(answering(job(progress=HALF), job("completed")))

    def listen(progress: dict[str, Any]) -> None:
        heard.append((progress, terminal.getvalue().count(JOB)))

    colour.run(client.job(JOB).wait(on_progress=listen, progress=True))
    ((progress, drawings),) = heard
    assert (progress, drawings > 0) == (HALF, True)
    assert "50 % <half>" in terminal.getvalue()


def test_bar_is_not_drawn_in_a_pipe(colour: Colour, capfd: pytest.CaptureFixture[str]) -> None:
    """In a pipe there is no bar, and the progress is not requested."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=job("completed"))

    colour.run(colour.client(answer).job(JOB).wait(progress=True))
    assert capfd.readouterr() == ("", "")
    assert "progress" not in asked[0].params


def test_execute_draws_the_bar_too(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its label is the flow, since there is no job yet when it begins."""
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    client = colour.client(answering(dict(ACCEPTED), job(progress=HALF), job("completed")))
    colour.run(client.flow("acme/demo/word-count").execute(progress=True))
    assert "acme/demo/word-count" in terminal.getvalue()


@pytest.mark.usefixtures("notebook")
def test_coroutine_may_listen_beside_the_bar() -> None:
    """The coroutine of a listener is awaited, with a bar or without."""
    heard: list[dict[str, Any]] = []

    async def listen(progress: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        heard.append(progress)

    with asyncio.Runner() as runner, capture_output():
        client = Colour(awaiting=True, runner=runner).client(answering(job(progress=HALF), job("completed")))
        runner.run(client.job(JOB).wait(on_progress=listen, progress=True))
    assert heard == [HALF]


def test_tables_and_waits_do_not_load_rich() -> None:
    """Neither a notebook's table nor a wait without a bar loads rich."""
    program = (
        "import sys; sys.modules['httpx._main'] = None; from noukai import JobStatus; "
        "JobStatus(id='j', state='running', created_at='x')._repr_html_(); print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
