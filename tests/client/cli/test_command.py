"""The command `noukai`: what it prints where, and how it exits."""

import json
from pathlib import Path

import pytest

from tests.client.cli.running_command import run
from tests.client.script import job
from tests.client.servers.fake_api import USAGE, FakeApi

pytestmark = pytest.mark.usefixtures("api")


def test_submit_prints_the_id(api: FakeApi) -> None:
    """Without --wait the id is printed, alone, for the next command."""
    assert run("submit", "acme/demo/done", "-m", "to be") == (0, "job_done\n", "")
    assert api.submissions == [{"message": "to be"}]


def test_submit_takes_short_names_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow alone is one of NOUKAI_ORG and NOUKAI_PROJECT."""
    monkeypatch.setenv("NOUKAI_ORG", "acme")
    monkeypatch.setenv("NOUKAI_PROJECT", "demo")
    assert run("submit", "done") == (0, "job_done\n", "")


def test_submit_passes_every_input_on(api: FakeApi) -> None:
    """Parameters are JSON by name; the options of the job have the contract's names."""
    arguments = ["-p", "top=3", "-p", 'order={"a": null}', "--metadata", "a=b=c", "--max-attempts", "2"]
    times = ["--delay-seconds", "0", "--run-at", "2026-01-01T00:00:00Z", "--timeout-seconds", "5"]
    pauses = ["--backoff-seconds", "0.5", "--backoff-cap-seconds", "30"]
    assert run("submit", "acme/demo/done", *arguments, *times, *pauses, "--keep-seconds", "3600")[0] == 0
    assert api.submissions == [
        {
            "parameters": {"top": 3, "order": {"a": None}},
            "options": {
                "metadata": {"a": "b=c"},
                "maxAttempts": 2,
                "backoffSeconds": 0.5,
                "backoffCapSeconds": 30,
                "delaySeconds": 0,
                "runAt": "2026-01-01T00:00:00Z",
                "timeoutSeconds": 5,
                "keepSeconds": 3600,
            },
        }
    ]


def test_a_file_is_the_message(api: FakeApi, tmp_path: Path) -> None:
    """-f sends a file's text, - that of stdin, line ends and all."""
    path = tmp_path / "text"
    path.write_bytes("zwei\r\nzeilen ü\n".encode())
    assert run("submit", "acme/demo/done", "-f", str(path))[0] == 0
    assert run("submit", "acme/demo/done", "-f", "-", stdin="from stdin\n")[0] == 0
    assert [body["message"] for body in api.submissions] == ["zwei\r\nzeilen ü\n", "from stdin\n"]


@pytest.mark.parametrize(("flow", "printed"), [("done", "grüße\n"), ("counted", "[\n  1\n]\n")])
def test_submit_and_wait_print_the_result(api: FakeApi, flow: str, printed: str) -> None:
    """With --wait, and by wait, text is printed as it is and everything else as indented JSON."""
    assert run("submit", f"acme/demo/{flow}", "--wait") == (0, printed, "")
    assert run("wait", f"job_{flow}") == (0, printed, "")
    assert api.holds == [20, 20]


@pytest.mark.parametrize(
    ("job_id", "code", "said"),
    [
        ("job_failed", 1, "noukai: job job_failed failed: ValueError: no words\n"),
        ("job_cancelled", 3, "noukai: job job_cancelled was cancelled\n"),
        (
            "job_busy",
            4,
            "noukai: job job_busy had not ended after 0 ms; it goes on: wait again, or cancel it\n",
        ),
    ],
)
def test_every_other_end_has_its_exit_code(job_id: str, code: int, said: str) -> None:
    """A wait without a result prints its reason in one line on stderr, and exits with its code."""
    assert run("wait", job_id, "--timeout-ms", "0") == (code, "", said)


@pytest.mark.parametrize(
    ("job_id", "code", "state"),
    [
        ("job_done", 0, "completed"),
        ("job_failed", 1, "failed"),
        ("job_cancelled", 3, "cancelled"),
        ("job_busy", 4, "running"),
    ],
)
def test_wait_prints_the_status_as_json(api: FakeApi, job_id: str, code: int, state: str) -> None:
    """With --json a wait prints the job's status as it came, whatever its end."""
    exit_code, printed, _ = run("wait", job_id, "--timeout-ms", "0", "--json")
    assert exit_code == code
    assert json.loads(printed) == api.lives[job_id][0]
    assert json.loads(printed)["state"] == state


def test_a_job_that_outlasts_its_wait_can_be_cancelled() -> None:
    """With --cancel-on-timeout the job is cancelled when the wait is over."""
    exit_code, _, said = run("submit", "acme/demo/busy", "--wait", "--timeout-ms", "0", "--cancel-on-timeout")
    assert (exit_code, "it is now cancelled" in said) == (4, True)
    assert run("wait", "job_busy")[0] == 3


def test_status_shows_a_job() -> None:
    """A job's status is shown in lines, without absent values, and exits with 0 in every state."""
    exit_code, printed, _ = run("status", "job_failed")
    assert exit_code == 0
    assert printed.splitlines() == [
        "job        job_failed",
        "state      failed",
        "submitted  2026-01-01T00:00:00.000Z",
        "error      ValueError: no words",
    ]
    assert "progress   40 % counting\n" in run("status", "job_busy")[1]
    assert run("status", "job_done")[1].endswith("result\ngrüße\n")


def test_usage_ends_with_what_is_left_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """An org without a monthly budget has no such line."""
    limits = {"month": "2026-11", "unfinishedJobs": 1000, "laterJobs": 100}
    for budget, last in (
        (limits, None),
        ({**limits, "jobs": 5, "jobsLeft": 3}, "left of 2026-11: 3 of 5 jobs"),
        ({**limits, "jobs": 5, "jobsLeft": 0, "usd": 2, "usdLeft": 0.5}, ": 0 of 5 jobs, 0.50 of 2.00 USD"),
    ):
        monkeypatch.setitem(USAGE, "budget", budget)
        lines = run("usage")[1].splitlines()
        assert lines[-1].startswith("total") if last is None else lines[-1].endswith(last)


def test_status_shows_the_input_on_request() -> None:
    """As JSON, for the next command."""
    expected = '{"message": "to be", "parameters": {"top": 3}}\n'
    assert run("status", "job_failed", "--input") == (0, expected, "")


def test_status_shows_nothing_that_commands_a_terminal(api: FakeApi) -> None:
    """Control characters in the job's own texts are left out."""
    api.live(
        "job_rude",
        job("running", attempt=1, maxAttempts=3, progress={"step": "\x1b[2Jgone\n", "percent": "all"}),
    )
    printed = run("status", "job_rude")[1]
    assert "progress   step= [2Jgone percent=all\n" in printed
    assert "attempt    1 of 3\n" in printed


def test_retry_prints_the_new_job() -> None:
    """The new job's id is printed alone, or with --json its acceptance."""
    assert run("retry", "job_failed")[:2] == (0, "job_failed_again\n")
    assert json.loads(run("retry", "job_failed", "--json")[1])["id"] == "job_failed_again"


def test_cancel_cancels() -> None:
    """A job is cancelled and shown; one that has ended is shown as it is."""
    assert "state      cancelled\n" in run("cancel", "job_busy")[1]
    assert "state      completed\n" in run("cancel", "job_done")[1]
    assert json.loads(run("cancel", "job_busy", "--json")[1])["state"] == "cancelled"


def test_use_is_shown() -> None:
    """There is a line for each day and flow, and one for all; days are passed on as they were typed."""
    code, shown, _ = run("usage")
    head, day, total = (line.split() for line in shown.splitlines())
    assert (code, head[:3]) == (0, ["day", "flow", "jobs"])
    assert day == [
        "2026-11-24",
        "acme/demo/word-count",
        "3",
        "2",
        "1",
        "0",
        "4",
        "2.500",
        "2.500",
        "0.000054",
    ]
    assert total == ["total", "2026-11-01", "to", "2026-11-25", *day[2:]]
    said = json.loads(run("usage", "--from", "2026-10-01", "--to", "2026-10-31", "--json")[1])
    assert said == {**USAGE, "from": "2026-10-01", "to": "2026-10-31"}


def test_submit_prints_the_acceptance_as_json() -> None:
    """With --json a submission prints the API's answer to it."""
    accepted = json.loads(run("submit", "acme/demo/done", "--json")[1])
    assert (accepted["id"], accepted["state"], accepted["flow"]) == ("job_done", "pending", "acme/demo/done")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["submit", "acme/demo/Word"], "not a slug"),
        (["submit", "done"], "NOUKAI_ORG and NOUKAI_PROJECT"),
        (["submit", "acme/demo/done", "-p", "top"], "name=json"),
        (["submit", "acme/demo/done", "-p", "name=text"], "-p 'name=\"text\"'"),
        (["submit", "acme/demo/done", "-p", "n=NaN"], "not JSON"),
        (["submit", "acme/demo/done", "-p", "n=1", "-p", "n=2"], "twice"),
        (["submit", "acme/demo/done", "--metadata", "=x"], "name=text"),
        (["submit", "acme/demo/done", "-m", "x", "-f", "-"], "once"),
        (["submit", "acme/demo/done", "-f", "/nowhere/text"], "No such file"),
        (["submit", "acme/demo/done", "--timeout-ms", "5"], "add --wait"),
        (["submit", "acme/demo/done", "--cancel-on-timeout"], "add --wait"),
        (["wait", "job_done", "--timeout-ms", "-1"], "--timeout-ms"),
        (["status", "../flows"], "not a job's id"),
        (["status"], "Missing argument"),
        (["cancel"], "--all with --flow"),
        (["cancel", "--all"], "--all with --flow"),
        (["cancel", "--flow", "acme/demo/busy"], "--all with --flow"),
        (["cancel", "job_busy", "--all", "--flow", "acme/demo/busy"], "--all with --flow"),
        (["cancel", "job_busy", "--state", "pending"], "--all with --flow"),
        (["cancel", "--all", "--flow", "acme/demo/busy", "--yes", "--state", "done"], "state"),
        (["list"], "NOUKAI_ORG"),
        (["list", "acme/demo/echo", "--project", "demo"], "a flow or a project"),
        (["list", "acme/demo/echo", "--limit", "0"], "--limit"),
        (["list", "acme/demo/echo", "--limit", "1" + "0" * 30], "--limit"),
        (["list", "acme/demo/echo", "--created-after", "yesterday"], "created_after"),
        (["wurst"], "No such command"),
    ],
)
def test_wrong_usage_exits_with_2(api: FakeApi, arguments: list[str], said: str) -> None:
    """Wrong usage is said on stderr, sends nothing and exits with 2."""
    exit_code, printed, error = run(*arguments)
    assert (exit_code, printed, said in error) == (2, "", True), error
    assert [*api.submissions, *api.queries, *api.cancellations] == []


def test_a_file_that_is_no_text_is_wrong_usage() -> None:
    """A message must be text: other bytes are refused before anything is sent."""
    exit_code, _, said = run("submit", "acme/demo/done", "-f", "-", stdin=b"\xff\xfe")
    assert (exit_code, "not UTF-8 text" in said) == (2, True)


def test_a_missing_key_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key the command says which variable to set."""
    monkeypatch.delenv("NOUKAI_API_KEY")
    exit_code, _, said = run("flows")
    assert (exit_code, "NOUKAI_API_KEY" in said) == (2, True)


def test_an_error_of_the_api_exits_with_5(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is one line, with the id of the request."""
    said = "noukai: there is none at jobs/job_gone (request req_7)\n"
    assert run("status", "job_gone") == (5, "", said)
    monkeypatch.setenv("NOUKAI_API_KEY", "nk_other")
    assert run("flows") == (5, "", "noukai: unknown key (request req_7)\n")


def test_a_refused_input_is_said_once() -> None:
    """The error names what is wrong with the input, once even if the API's message names it too."""
    said = "noukai: Correct the input: parameters.top: must be integer; message: ? (request req_7)\n"
    assert run("submit", "acme/demo/picky") == (5, "", said)
