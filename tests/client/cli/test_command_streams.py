"""The command as scripts use it: streams that are closed or full, JSON in lines, completion in the shell."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import typer

from noukai.cli.main import app
from noukai.cli.operating import OPERATING
from tests.client.cli.test_command_process import NOUKAI
from tests.client.servers.fake_api import FakeApi

COMMANDS = {
    "help": ["--help"],
    "help of one": ["submit", "--help"],
    "submit": ["submit", "acme/demo/done"],
    "result": ["wait", "job_counted"],
    "status": ["status", "job_done"],
    "logs": ["logs", "job_done"],
    "list": ["list", "acme/demo/echo"],
    "cancel": ["cancel", "job_done"],
    "retry": ["retry", "job_failed"],
    "flows": ["flows"],
    "flow": ["flows", "acme/demo/word-count"],
    "usage": ["usage"],
    "map": ["map", "acme/demo/many", "-f", "{inputs}"],
    "ends": ["map", "acme/demo/many", "-f", "{inputs}", "--wait"],
}
JSON = {
    **{
        name: COMMANDS[name]
        for name in ("submit", "result", "status", "list", "cancel", "retry", "flow", "usage")
    },
    **{name: COMMANDS[name] for name in ("flows", "map", "ends", "logs")},
    "submit and wait": ["submit", "acme/demo/done", "--wait"],
    "failed": ["wait", "job_failed"],
    "late": ["wait", "job_busy", "--timeout-ms", "0"],
    "schedules": ["schedules", "list"],
    "schedule": ["schedules", "show", "digest-u7"],
    "instants": ["schedules", "next", "digest-u7"],
    "webhooks": ["webhooks", "list"],
    "webhook": ["webhooks", "put", "new", "--url", "https://hooks.example.com"],
    "deliveries": ["webhooks", "deliveries", "billing"],
    "keys": ["org-keys", "list"],
    "key": ["org-keys", "create", "new"],
    "cancel all": ["cancel", "--all", "--flow", "acme/demo/busy", "--yes"],
}


@pytest.fixture
def inputs(tmp_path: Path) -> str:
    """Return a file of inputs, each of which names the job that it becomes."""
    path = tmp_path / "inputs"
    path.write_text('"done"\n"counted"\n')
    return str(path)


def words(arguments: Sequence[str], inputs: str) -> list[str]:
    return [NOUKAI, *(word.format(inputs=inputs) for word in arguments)]


def shell(line: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of the shell, in which the command is "$@"."""
    return subprocess.run(["sh", "-c", line, "sh", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("name", ["help", "status", "list", "flow", "map", "ends"])
def test_output_that_nobody_reads_ends_the_command(name: str, inputs: str) -> None:
    """`| head` closes the pipe: the command ends as other programs do, without a message."""
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(words(COMMANDS[name], inputs), stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        _, said = process.communicate()
    assert (process.returncode, said) == (141, b"")


@pytest.mark.usefixtures("api")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("name", ["help of one", "result", "usage", "ends"])
def test_full_disk_is_said(name: str, inputs: str) -> None:
    """Output that cannot be written is neither a success nor a failed job."""
    done = shell('"$@" > /dev/full', *words(COMMANDS[name], inputs))
    assert (done.returncode, done.stderr) == (
        5,
        "noukai: standard output cannot be written: No space left on device\n",
    )


@pytest.mark.usefixtures("api")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_full_disk_of_a_result_is_said() -> None:
    """It is neither wrong usage nor a failed job; a reader that closed the pipe gets no message."""
    done = shell('"$@" -o /dev/full', NOUKAI, "wait", "job_done")
    assert (done.returncode, done.stderr) == (
        5,
        "noukai: /dev/full cannot be written: No space left on device\n",
    )
    done = shell('"$@" -o - > /dev/full', NOUKAI, "wait", "job_done")
    said = "noukai: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (5, said)
    done = shell('{ "$@" -o -; echo $? >&2; } | true', NOUKAI, "wait", "job_done")
    assert done.stderr == "141\n"


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("name", ["submit", "list"])
def test_output_that_is_closed_is_said(name: str, inputs: str) -> None:
    """A process that was started without standard output reports an error."""
    done = shell('"$@" >&-', *words(COMMANDS[name], inputs))
    assert (done.returncode, done.stderr) == (5, "noukai: standard output cannot be written: it is closed\n")


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("closing", ["2>&-", "2>/dev/full"])
def test_errors_that_nobody_can_read_keep_their_code(closing: str) -> None:
    """Without standard error, the exit code still tells the reason."""
    assert shell(f'"$@" {closing}', NOUKAI, "wait", "job_failed").returncode == 1
    assert shell(f'"$@" {closing}', NOUKAI, "wait", "job_cancelled").returncode == 3
    assert shell(f'"$@" {closing}', NOUKAI, "wait").returncode == 2
    assert shell(f'"$@" {closing}', NOUKAI, "status", "job_gone").returncode == 5
    assert shell(f'"$@" {closing}', NOUKAI, "wait", "job_done").stdout == "grüße\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["submit", "acme/demo/done", "-f", "-"], "the file cannot be read: it is closed"),
        (["map", "acme/demo/many", "-f", "-"], "the file cannot be read: it is closed"),
        (["cancel", "--all", "--flow", "acme/demo/busy"], "nothing was done: answer y, or give --yes"),
    ],
)
def test_input_that_is_closed_is_wrong_usage(api: FakeApi, arguments: list[str], said: str) -> None:
    """The input is missing, so nothing is sent."""
    done = shell('"$@" <&-', NOUKAI, *arguments)
    assert (done.returncode, done.stdout, said in done.stderr) == (2, "", True), done.stderr
    assert [*api.submissions, *api.cancellations] == []


@pytest.mark.usefixtures("api")
def test_input_that_is_closed_matters_to_nothing_else() -> None:
    """A job of cron has no standard input."""
    assert shell('"$@" <&-', NOUKAI, "wait", "job_done").stdout == "grüße\n"


def test_file_that_cannot_be_read_is_wrong_usage(api: FakeApi, tmp_path: Path) -> None:
    """A folder or a missing file is named in the error."""
    for path, problem in ((tmp_path, "directory"), (tmp_path / "none", "No such file")):
        done = shell('"$@"', NOUKAI, "submit", "acme/demo/done", "-f", str(path))
        assert (done.returncode, problem in done.stderr) == (2, True), done.stderr
    assert api.submissions == []


def test_texts_are_sent_as_they_are(api: FakeApi, tmp_path: Path) -> None:
    """An empty message is sent; the byte-order mark of a file is not."""
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbfto be\r\n")
    submit = [NOUKAI, "submit", "acme/demo/done"]
    assert shell('"$@" -m ""', *submit).returncode == 0
    assert shell('"$@" -f - < /dev/null', *submit).returncode == 0
    assert shell(f'"$@" -f {tmp_path}/marked', *submit).returncode == 0
    assert [each["message"] for each in api.submissions] == ["", "", "to be\r\n"]


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("name", JSON)
def test_json_is_a_document_in_a_line(name: str, inputs: str) -> None:
    """With --json every line that a command prints can be read on its own, whatever the locale."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*words(JSON[name], inputs), "--json"], env=environment, capture_output=True, check=False
    )
    lines = done.stdout.decode("ascii").splitlines()
    assert len(lines) == (2 if "{inputs}" in JSON[name] else 1)
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_json_of_every_command_is_tested() -> None:
    """A new command is added to the test above, unless it is an operator's, which has no --json."""
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    # It ends with Ctrl-C alone, and has tests of its own.
    assert {arguments[0] for arguments in JSON.values()} == commands - OPERATING - {"console", "listen"}


SHELLS: dict[str, tuple[Callable[[str], dict[str, str]], str]] = {
    "bash": (lambda typed: {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}, r"^([\w-]+)$"),
    "zsh": (lambda typed: {"_TYPER_COMPLETE_ARGS": typed}, r'"([\w-]+)"(?::"|\))'),
    "fish": (
        lambda typed: {"_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        r"^([\w-]+)",
    ),
}
"""How each shell asks the command, and how it is given each offer."""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("noukai st", ["status"]),
        ("noukai x", []),
        ("noukai list --st", ["--state"]),
        ("noukai list --state p", ["pending"]),
    ],
)
def test_shell_completes_what_is_typed(shell: str, typed: str, offered: list[str]) -> None:
    """Commands, options and states are completed."""
    asked, offer = SHELLS[shell]
    environment = {**os.environ, "_NOUKAI_COMPLETE": f"complete_{shell}", **asked(typed)}
    done = subprocess.run([NOUKAI], env=environment, capture_output=True, text=True, check=False)
    assert (re.findall(offer, done.stdout, re.MULTILINE), done.stderr) == (offered, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_can_be_installed(shell: str) -> None:
    """The command prints the script for the shell, here for Bash."""
    # Two commands, or Bash would become the first.
    asked = 'exec -a "$1" bash -c \'"$0" --show-completion; :\' "$0"'
    done = subprocess.run(["bash", "-c", asked, NOUKAI, shell], capture_output=True, text=True, check=True)
    assert f"_NOUKAI_COMPLETE=complete_{shell}" in done.stdout
