"""The command on narrow and dumb terminals, its progress bar, and the signals that stop it."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.client.cli.terminal import on_terminal
from tests.client.cli.test_command_process import NOUKAI
from tests.client.cli.test_command_streams import COMMANDS, inputs, words
from tests.client.script import job
from tests.client.servers.fake_api import KEY, FakeApi

__all__ = ["inputs"]  # the fixture


SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize("number", SIGNALS)
def test_stopped_wait_restores_the_terminal(api: FakeApi, number: signal.Signals) -> None:
    """The bar is erased and the cursor shown before the last message; the job goes on."""
    api.live("job_held", job("running"))
    with on_terminal("wait", "job_held") as (process, terminal):
        terminal.wait_for("job_held")
        assert api.holding.wait(30)
        process.send_signal(number)
        shown = terminal.read()
    assert process.returncode == SIGNALS[number]
    before, hidden, after = shown.rpartition("\x1b[?25l")
    assert hidden, before
    assert "\x1b[?25h" in after
    assert "\x1b[2K" in after
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", after).splitlines()[-1].strip()
    assert last == "noukai: interrupted, but the job goes on; wait for it again with: noukai wait job_held"
    assert "Traceback" not in shown


def test_person_is_told_at_once_that_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the error, which comes after some retries."""
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{refusing.getsockname()[1]}"
        monkeypatch.setenv("NOUKAI_API_KEY", KEY)
        with on_terminal("wait", "job_a", NOUKAI_BASE_URL=f"{url}/api/v1") as (process, terminal):
            terminal.wait_for(f"noukai: waiting for {url}, which does not answer")
            process.send_signal(signal.SIGINT)
            shown = terminal.read()
    assert "check base_url" not in shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "arguments", [["map", "acme/demo/many", "--wait", "-f", "{inputs}"], ["status", "job_held"]]
)
def test_every_command_can_be_stopped(
    api: FakeApi, arguments: list[str], number: signal.Signals, inputs: str
) -> None:
    """A command that is stopped exits as shells expect, without a traceback, wherever it waits."""
    for each in ("job_held", "job_done", "job_counted"):
        api.live(each, job("running"))
    api.slow |= {"status", "job_held"}
    with subprocess.Popen(
        words(arguments, inputs), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert api.holding.wait(30)
        process.send_signal(number)
        _, said = process.communicate()
    assert (process.returncode, b"Traceback" in said) == (SIGNALS[number], False), said


HERE = "[print('here', flush=True), __import__('time').sleep(60)]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("module", "code"),
    [("typer", HERE), ("sitecustomize", f"import atexit; atexit.register(lambda: {HERE})")],
    ids=["loads", "ends"],
)
def test_command_can_be_stopped_before_and_after(tmp_path: Path, module: str, code: str, number: int) -> None:
    """A signal while Python loads or ends stops the command without a traceback."""
    (tmp_path / f"{module}.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [NOUKAI, "--version"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert b"here\n" in iter(process.stdout.readline, b"")
        process.send_signal(number)
        _, said = process.communicate()
    assert (process.returncode, said) == (-number, b"")


def test_signal_that_is_ignored_stays_so(api: FakeApi) -> None:
    """`nohup` lets a command outlive its terminal."""
    api.live("job_held", job("running"))
    with subprocess.Popen(
        ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", NOUKAI, "wait", "job_held"]
    ) as process:
        assert api.holding.wait(30)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 143


def live_steps(api: FakeApi) -> None:
    api.live("job_steps", *[job(progress={"percent": part, "message": f"part {part}"}) for part in (10, 60)])
    api.lives["job_steps"].append({**api.lives["job_done"][0], "id": "job_steps"})


def test_dumb_terminal_gets_text_alone(api: FakeApi) -> None:
    """A terminal that cannot move its cursor gets no escapes, and `NO_COLOR` no colours."""
    live_steps(api)
    with on_terminal("wait", "job_steps", TERM="dumb") as (process, terminal):
        shown = terminal.read()
    assert (process.returncode, "\x1b" in shown, shown.endswith("grüße\r\n")) == (0, False, True)
    live_steps(api)
    with on_terminal("wait", "job_steps", NO_COLOR="1") as (process, terminal):
        shown = terminal.read()
    assert (process.returncode, re.findall(r"\x1b\[(?:3[0-9]|4[0-9]|9[0-9])[;m]", shown)) == (0, [])


@pytest.mark.parametrize("columns", [10, 1])
@pytest.mark.parametrize("name", ["help", "list", "usage", "ends", "bar"])
def test_terminal_may_be_narrow(api: FakeApi, name: str, columns: int, inputs: str) -> None:
    """Nothing fails, the bar stays in its line, and an id is shown whole."""
    live_steps(api)
    arguments = words({**COMMANDS, "bar": ["wait", "job_steps"]}[name], inputs)[1:]
    with on_terminal(*arguments, COLUMNS=str(columns)) as (process, terminal):
        shown = terminal.read()
    assert (process.returncode, "Traceback" in shown) == (0, False)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    if name == "list":
        assert re.findall(r"^job_\d", plain, re.MULTILINE) == ["job_0", "job_1", "job_2"]
    if name == "bar" and columns > 1:
        assert max(len(line) for line in re.split(r"[\r\n]+", plain)) <= columns


def test_bar_is_cut_where_it_says_least(api: FakeApi) -> None:
    """The id stays whole, and the line has room for the echo of Ctrl-C."""
    job_id = f"job_{'a' * 26}"
    api.live(
        job_id,
        job(progress={"percent": 40, "message": "a message that goes on and on " * 3}),
        job("completed"),
    )
    with on_terminal("wait", job_id, COLUMNS="70") as (process, terminal):
        lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.read()))
    (drawn,) = {line[1:] for line in lines if "40 %" in line}
    assert (process.returncode, len(drawn) < 68) == (0, True)
    assert re.fullmatch(rf" {job_id} [━╸╺]+ 40 % a .*… 0:00:00", drawn), drawn


@pytest.mark.parametrize("name", ["list", "usage", "flows"])
def test_lines_fit_into_forty_columns(api: FakeApi, name: str) -> None:
    """Columns and gaps shrink, ids do not, and a description is wrapped between words."""
    api.flows[0] = {**api.flows[0], "description": "Count the words of a text that is longer than a line."}
    with on_terminal(*COMMANDS[name], COLUMNS="40") as (process, terminal):
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.read()).splitlines()
    assert process.returncode == 0
    assert max(map(len, lines)) <= 40, lines


def test_end_above_a_bar_is_not_broken(api: FakeApi, inputs: str) -> None:
    """A line that is longer than the terminal can be copied in one piece."""
    api.live("job_done", job("completed", result={"status": "completed", "output": "many words " * 20}))
    with on_terminal("map", "acme/demo/many", "-f", inputs, "--wait") as (_, terminal):
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.read())
    assert f'job_done completed "{"many words " * 20}"' in shown


@pytest.mark.parametrize(
    ("columns", "says"), [(80, "29 % counted 12 of 21 lines"), (40, "29 %…"), (20, "29 % counted 12…")]
)
def test_bar_shows_what_the_job_says_before_anything_else(api: FakeApi, columns: int, says: str) -> None:
    """The job's message is shown whole at the usual width; on a narrow terminal the bar makes room for it."""
    job_id = f"job_{'a' * 26}"
    api.live(job_id, job(progress={"percent": 29, "message": "counted 12 of 21 lines"}), job("completed"))
    with on_terminal("wait", job_id, COLUMNS=str(columns)) as (process, terminal):
        lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.read()))
    (drawn,) = {line[1:].strip() for line in lines if "29 %" in line}
    assert process.returncode == 0
    assert re.fullmatch(rf"({job_id} )?([━╸╺]+ )?{re.escape(says)}( 0:00:00)?", drawn), drawn
    assert (job_id in drawn) == (columns > len(job_id))


@pytest.mark.usefixtures("api")
def test_what_map_says_does_not_overwrite_its_bar(tmp_path: Path) -> None:
    """Each message has a line of its own above the bar, on stdout and on stderr."""
    (tmp_path / "inputs").write_text('"done"\n"gone"\n"counted"\n')
    inputs = str(tmp_path / "inputs")
    with on_terminal("map", "acme/demo/many", "-f", inputs, "--wait") as (process, terminal):
        shown = terminal.read()
    assert process.returncode == 5
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).strip() for line in re.split(r"\r\n|\r", shown)]
    for said in (
        'job_done completed "grüße"',
        "noukai: job_gone: there is none",
        "job_counted completed [1]",
    ):
        assert said in lines, shown
