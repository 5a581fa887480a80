"""The command that submits a job for each line of a file."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.client.cli.running_command import run
from tests.client.cli.test_command_process import NOUKAI
from tests.client.servers.fake_api import FakeApi

pytestmark = pytest.mark.usefixtures("api")
MAP = ("map", "acme/demo/many", "-f", "-")


def test_map_prints_the_id_of_each_line(api: FakeApi) -> None:
    """A line is a message or the flow's arguments; empty lines are skipped. Options apply to every job."""
    lines = '"done"\n\n{"message": "counted", "top": 3}\n"grüße"'
    exit_code, printed, _ = run(*MAP, "--max-attempts", "2", "--idempotency-key", "k", stdin=lines)
    assert (exit_code, printed.splitlines()) == (0, ["job_done", "job_counted", "job_grüße"])
    options = {"options": {"maxAttempts": 2}}
    assert api.submissions == [
        {"message": "done", **options, "idempotencyKey": "k/0"},
        {"message": "counted", "parameters": {"top": 3}, **options, "idempotencyKey": "k/1"},
        {"message": "grüße", **options, "idempotencyKey": "k/2"},
    ]


def test_map_of_a_file_as_json(tmp_path: Path) -> None:
    """Each line of the output is the API's answer for a line of the input."""
    file = tmp_path / "inputs.jsonl"
    file.write_text('"done"\n"failed"\n')
    exit_code, printed, _ = run("map", "acme/demo/many", "-f", str(file), "--json")
    assert exit_code == 0
    assert [json.loads(line)["id"] for line in printed.splitlines()] == ["job_done", "job_failed"]


@pytest.mark.parametrize(
    ("messages", "expected", "code"),
    [
        (["done", "counted"], ['job_done completed "grüße"', "job_counted completed [1]"], 0),
        (["done", "cancelled"], ['job_done completed "grüße"', "job_cancelled cancelled"], 3),
        (["cancelled", "failed"], ["job_cancelled cancelled", "job_failed failed ValueError: no words"], 1),
        (
            ["done", "failed", "nothing"],
            ['job_done completed "grüße"', "job_failed failed ValueError: no words"],
            5,
        ),
    ],
)
def test_map_waits_for_all(messages: list[str], expected: list[str], code: int) -> None:
    """Each end is a line; the exit code is that of the worst end."""
    exit_code, printed, complained = run(*MAP, "--wait", stdin="\n".join(map(json.dumps, messages)))
    assert (exit_code, printed.splitlines()) == (code, expected)
    assert ("job_nothing: there is none" in complained) == ("nothing" in messages)


def test_map_waits_for_all_as_json() -> None:
    """Each line is the status of a job."""
    exit_code, printed, _ = run(*MAP, "--wait", "--json", stdin='"done"\n"counted"')
    assert exit_code == 0
    assert [json.loads(line)["result"]["output"] for line in printed.splitlines()] == ["grüße", [1]]


def test_map_waits_no_longer_than_it_is_told_to() -> None:
    """The jobs go on after the timeout."""
    exit_code, printed, complained = run(*MAP, "--wait", "--timeout-ms", "50", stdin='"busy"\n"done"')
    assert (exit_code, printed) == (4, 'job_done completed "grüße"\n')
    assert "1 of 2 jobs" in complained


@pytest.mark.parametrize("line", [b"7", b"[1]", b"null", b"text", b'"\xff"', b"[" * 100_000])
def test_a_line_that_is_no_input_is_named(api: FakeApi, line: bytes) -> None:
    """The error has the number of the line; the request with that line is not sent."""
    exit_code, _, complained = run(*MAP, stdin=b'"done"\n' + line)
    assert (exit_code, api.submissions) == (2, [])
    assert "line 2" in complained


def test_a_line_that_is_refused_ends_the_map() -> None:
    """The ids of the accepted lines are printed."""
    exit_code, printed, complained = run(*MAP, stdin='"done"\n"wrong"\n"counted"')
    assert (exit_code, printed.splitlines()) == (5, ["job_done", "job_counted"])
    assert "Correct it" in complained


def test_options_of_a_wait_need_one() -> None:
    """Options of a wait need --wait, as for one job."""
    assert run(*MAP, "--timeout-ms", "50", stdin='"done"')[0] == 2


@pytest.mark.parametrize("waits", [["--wait"], []])
def test_interrupted_map_says_how_to_go_on(api: FakeApi, tmp_path: Path, waits: list[str]) -> None:
    """The key that is printed gives the same jobs, and submits the missing ones."""
    inputs = tmp_path / "inputs"
    inputs.write_text('"done"\n' * 3)
    api.slow.add("status" if waits else "batch")
    words = [NOUKAI, "map", "acme/demo/many", "-f", str(inputs), *waits]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert api.holding.wait(30)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate()
    assert (process.returncode, printed) == (130, "")
    found = re.fullmatch(
        r"noukai: interrupted, but .* with: the same command with --idempotency-key (\S+)\n", said
    )
    assert found, said
    submitted, api.submissions = api.submissions, []
    api.slow.clear()
    assert run(*words[1:4], str(inputs), "--idempotency-key", found[1])[0] == 0
    keys = [entry["idempotencyKey"] for entry in api.submissions]
    assert keys == [f"{found[1]}/{place}" for place in range(3)]
    assert submitted == (api.submissions if waits else [])
