"""Control characters in results, errors and names: none reaches a terminal."""

import re
import subprocess
from base64 import b64encode

import pytest

from tests.client.cli.terminal import on_terminal
from tests.client.cli.test_command_process import NOUKAI
from tests.client.script import job
from tests.client.servers.fake_api import FakeApi


@pytest.mark.parametrize(
    "arguments", [("wait", "job_rude"), ("status", "job_rude"), ("wait", "job_rude", "-o", "-")]
)
def test_result_commands_no_terminal(api: FakeApi, arguments: tuple[str, ...]) -> None:
    """A terminal shows control characters as escapes; a pipe gets the exact bytes."""
    output = "grüße\t\x1b[2J\x9b1A\r\u202e👩\u200d🔧\nend"
    api.live("job_rude", job("completed", result={"status": "completed", "output": output}))
    with on_terminal(*arguments) as (_, terminal):
        shown = terminal.read()
    assert shown.endswith("grüße\t\\x1b[2J\\x9b1A\\r\\u202e👩\u200d🔧\r\nend\r\n")
    piped = subprocess.run([NOUKAI, *arguments], capture_output=True, check=True).stdout
    assert piped.endswith(f"{output}\n".encode())


def test_bytes_are_no_text_for_a_terminal(api: FakeApi) -> None:
    """A terminal refuses bytes, with the command that writes them to a file; a pipe gets them as they are."""
    api.flows[0] = {**api.flows[0], "output": {"type": "string", "contentEncoding": "base64"}}
    result = {
        "status": "completed",
        "output": b64encode(b"\x89PNG\x1b[2J").decode(),
        "flowId": api.flows[0]["flow"],
    }
    api.live("job_drawn", job("completed", result=result))
    with on_terminal("wait", "job_drawn", "-o", "-", TERM="dumb") as (process, terminal):
        shown = " ".join(terminal.read().split())
    assert process.returncode == 2
    assert "the result is 8 bytes that are not text: write them with noukai wait job_drawn -o FILE" in shown
    assert "\x1b" not in shown
    assert subprocess.check_output([NOUKAI, "wait", "job_drawn", "-o", "-"]) == b"\x89PNG\x1b[2J"


def test_errors_and_names_command_no_terminal(api: FakeApi) -> None:
    """Errors of jobs and of the API, flows' names and the lines of lists hold no control character."""
    api.live("job_failing", job("failed", error="ValueError: \x1b[2J\x9b"))
    api.flows[0] = {**api.flows[0], "description": "\x1b[2Jgone", "flow": "acme/demo/\x1b[2J"}
    for arguments in (
        ("wait", "job_failing"),
        ("status", "job_failing"),
        ("flows",),
        ("status", "job_\x1b[2J"),
    ):
        with on_terminal(*arguments, TERM="dumb") as (_, terminal):
            shown = terminal.read()
        assert "[2J" in shown
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", shown), shown
