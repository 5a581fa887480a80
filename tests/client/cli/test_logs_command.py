"""The command `noukai logs`, and `noukai submit --follow`."""

import json
import signal
from typing import Any

import pytest

from tests.client.cli.running_command import run
from tests.client.cli.terminal import on_terminal
from tests.client.script import job
from tests.client.servers.fake_api import FakeApi

SAID = {"at": "2026-11-25T12:00:00.250Z", "attempt": 1, "stream": "stdout", "level": "info"}
LOGGED = {"at": "2026-11-26T09:30:00.000Z", "attempt": 2, "stream": "log", "level": "warning"}


@pytest.fixture
def log(api: FakeApi) -> list[dict[str, Any]]:
    """Give a job a log of two attempts, and return its lines."""
    lines = [
        {**SAID, "message": "counting"},
        {**LOGGED, "message": "slow", "fields": {"disk": "a b", "retries": 3, "host": "h1"}},
    ]
    api.logs["job_done"] = [
        {"lines": lines[:1], "after": "1", "done": False},
        {"lines": lines[1:], "after": "2", "done": True},
    ]
    return lines


@pytest.mark.usefixtures("log")
def test_lines_are_printed_with_their_times() -> None:
    """Lines go to stdout, and the attempt that they belong to, with its day, to stderr."""
    assert run("logs", "job_done") == (
        0,
        '12:00:00.250 counting\n09:30:00.000 warning: slow disk="a b" retries=3 host=h1\n',
        "attempt 1, 2026-11-25\nattempt 2, 2026-11-26\n",
    )


def test_json_of_a_line_is_as_the_api_sends_it(log: list[dict[str, Any]]) -> None:
    """Each line is a document; nothing is printed on stderr."""
    code, output, errors = run("logs", "job_done", "--json")
    assert (code, [json.loads(each) for each in output.splitlines()], errors) == (0, log, "")


def test_options_select_lines(api: FakeApi, log: list[dict[str, Any]]) -> None:
    """The attempt is selected by the API, level and time by the client."""
    assert run("logs", "job_done", "-f", "--attempt", "2", "--level", "warning")[1].startswith("09:30:00.000")
    assert api.log_queries[0] == {"attempt": "2", "limit": "1000", "seconds": "20"}
    api.logs["job_done"] = [{"lines": log, "after": "2", "done": True}]
    assert run("logs", "job_done", "--since", "2026-11-26T00:00:00Z")[1].startswith("09:30:00.000")
    assert run("logs", "job_done", "--since", "5m")[:2] == (0, "")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--level", "loud"], "level must be one of debug, info, warning, error, critical, not 'loud'"),
        (["--attempt", "0"], "attempt: "),
        (["--since", "yesterday"], "since must be "),
    ],
)
def test_wrong_selection_is_wrong_usage(api: FakeApi, arguments: list[str], problem: str) -> None:
    """It is refused before anything is sent."""
    code, output, errors = run("logs", "job_done", *arguments)
    assert (code, output) == (2, "")
    assert problem in errors
    assert not api.log_queries


@pytest.mark.usefixtures("api")
def test_unknown_job_exits_with_5() -> None:
    """The error is that of the API."""
    code, output, errors = run("logs", "job_unknown")
    assert (code, output) == (5, "")
    assert "there is none" in errors


def test_message_cannot_command_a_terminal_or_forge_a_line(api: FakeApi) -> None:
    """Escapes come out as text, in a pipe too; further lines of a message are indented."""
    message = "red \x1b[31m\rover\x1b[2J\nTraceback:\r\n12:00:00.000 forged"
    fields = {"na\x1bme": "va\x07lue"}
    lines = [{**SAID, "message": message, "fields": fields}]
    api.logs["job_done"] = [{"lines": lines, "after": "1", "done": True}]
    code, output, _ = run("logs", "job_done")
    assert code == 0
    assert output == (
        "12:00:00.250 red \\x1b[31m\\rover\\x1b[2J\n"
        "    Traceback:\n"
        '    12:00:00.000 forged na\\x1bme="va\\u0007lue"\n'
    )


def test_lines_on_a_terminal_come_as_text(api: FakeApi) -> None:
    """A terminal of 80 columns shows a long line whole."""
    lines = [{**SAID, "message": f"\x1b[2J{'x' * 100}"}]
    api.logs["job_done"] = [{"lines": lines, "after": "1", "done": True}]
    with on_terminal("logs", "job_done", NO_COLOR="1") as (process, terminal):
        shown = terminal.read()
        assert process.wait() == 0
    assert "\x1b" not in shown
    assert f"12:00:00.250 \\x1b[2J{'x' * 100}\r\n" in shown


@pytest.mark.usefixtures("log")
def test_levels_have_colours_on_a_terminal() -> None:
    """Beside their names, which stay; a message cannot set one."""
    with on_terminal("logs", "job_done") as (process, terminal):
        shown = terminal.read()
        assert process.wait() == 0
    assert "\x1b[2m12:00:00.250\x1b[0m counting\r\n" in shown
    assert '\x1b[33mwarning: slow disk="a b" retries=3 host=h1\x1b[0m' in shown


def test_followed_log_can_be_stopped(api: FakeApi) -> None:
    """Ctrl-C ends the command, not the job; there is no traceback."""
    api.logs["job_done"] = [
        {"lines": [{**SAID, "message": "counting"}], "after": "1", "done": False},
        {"lines": [], "after": "1", "done": False},
    ]
    with on_terminal("logs", "job_done", "-f") as (process, terminal):
        terminal.wait_for("counting")
        process.send_signal(signal.SIGINT)
        terminal.read()
        assert process.wait() == 130
    assert "Traceback" not in terminal.shown


@pytest.mark.usefixtures("log")
def test_submit_shows_the_log_and_then_the_result(api: FakeApi) -> None:
    """The log goes to stderr, so that stdout has the result alone."""
    code, output, errors = run("submit", "acme/demo/done", "--follow")
    assert (code, output) == (0, "grüße\n")
    assert "12:00:00.250 counting\n" in errors
    assert "09:30:00.000 warning: slow" in errors
    assert {each["seconds"] for each in api.log_queries} == {"20"}


@pytest.mark.usefixtures("log")
def test_submit_shows_the_log_of_a_failed_job(api: FakeApi) -> None:
    """The last lines come before the error."""
    api.logs["job_failed"] = api.logs["job_done"]
    code, output, errors = run("submit", "acme/demo/failed", "--follow")
    assert (code, output) == (1, "")
    assert errors.index("warning: slow") < errors.index("job_failed failed")


def test_submit_goes_on_without_a_log(api: FakeApi) -> None:
    """A log that the API refuses is told of; the result is printed all the same."""
    api.logs["job_done"] = [{"lines": "none"}]
    code, output, errors = run("submit", "acme/demo/done", "--follow")
    assert (code, output) == (0, "grüße\n")
    assert "the log cannot be shown: " in errors


def test_submit_shows_the_log_above_the_bar(api: FakeApi) -> None:
    """On a terminal the log scrolls above the bar, in lines of its own."""
    running = job("running", progress={"percent": 40, "message": "half way"})
    api.live("job_long", *[running] * 3, job("completed", result={"status": "completed", "output": "end"}))
    api.logs["job_long"] = [
        {"lines": [{**SAID, "message": "counting"}], "after": "1", "done": False},
        {"lines": [{**SAID, "message": "counted"}], "after": "2", "done": True},
    ]
    with on_terminal("submit", "acme/demo/long", "--follow") as (process, terminal):
        shown = terminal.read()
        assert process.wait() == 0
    assert " counting\r\n" in shown
    assert shown.index(" counted\r\n") < shown.rindex("end\r\n")
