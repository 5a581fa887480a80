"""The commands for many jobs: list, and cancel --all."""

import json
import warnings

import pytest

from tests.client.cli.running_command import run
from tests.client.script import unreadable
from tests.client.servers.fake_api import FakeApi

pytestmark = pytest.mark.usefixtures("api")
BUSY = ("cancel", "--all", "--flow", "acme/demo/busy")


def test_list_shows_a_line_for_each_job(api: FakeApi) -> None:
    """In a pipe no line is cut and there is no heading; the filter is passed on."""
    span = ("--created-after", "2026-01-01T00:00:00Z", "--created-before", "2026-01-02T00:00:00+01:00")
    exit_code, printed, _ = run("list", "acme/demo/echo", "--state", "running", *span)
    assert exit_code == 0
    lines = [line.split() for line in printed.splitlines()]
    assert lines == [[f"job_{n}", "running", "2026-01-01T00:00:00.000Z", "acme/demo/echo"] for n in range(3)]
    asked = {
        "state": ["running"],
        "createdAfter": ["2026-01-01T00:00:00Z"],
        "createdBefore": ["2026-01-02T00:00:00+01:00"],
        "limit": ["20"],
    }
    assert api.queries == [(["demo", "echo"], asked), (["demo", "echo"], {**asked, "cursor": ["c"]})]


def test_list_ends_at_its_limit(api: FakeApi) -> None:
    """Only pages that are shown are fetched; --json prints what the API sent of each job."""
    printed = json.loads(run("list", "acme/demo/echo", "--limit", "1", "--json")[1])
    assert [job["id"] for job in printed["jobs"]] == ["job_0"]
    assert [query["limit"] for _, query in api.queries] == [["1"]]


def test_list_of_a_project_and_of_the_org(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a flow, the jobs of the environment's org or of one of its projects are listed."""
    monkeypatch.setenv("NOUKAI_ORG", "acme")
    assert run("list", "--limit", "1")[0] == run("list", "--project", "demo", "--limit", "1")[0] == 0
    assert [path for path, _ in api.queries] == [[], ["demo"]]


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_cancel_all_asks_first(api: FakeApi, answer: str) -> None:
    """Nothing is cancelled without a yes."""
    exit_code, printed, asked = run(*BUSY, "--state", "pending", stdin=answer)
    assert (exit_code, "cancelled" in printed, api.cancellations) == (2, False, [])
    assert "Cancel the jobs of acme/demo/busy that are pending?" in asked


@pytest.mark.parametrize(("arguments", "answer"), [([], "y\n"), (["--yes"], None)])
def test_cancel_all_says_how_many(api: FakeApi, arguments: list[str], answer: str | None) -> None:
    """After a yes, or with --yes, the jobs of all pages are cancelled."""
    exit_code, printed, _ = run(*BUSY, *arguments, stdin=answer)
    assert (exit_code, printed.splitlines()[-1]) == (0, "107 cancelled")
    assert api.cancellations == [{}, {"cursor": "c"}]
    assert json.loads(run(*BUSY, "--yes", "--json")[1]) == {"cancelled": 107}


def test_the_jobs_of_several_flows_are_cancelled_after_one_question(api: FakeApi) -> None:
    """The question names all flows; a flow that is named twice is cancelled once."""
    code, _, said = run(*BUSY, "--flow", "acme/demo/echo", *BUSY[2:])
    assert code == 2
    assert said.count("[y/N]") == 1
    assert "the jobs of acme/demo/busy, acme/demo/echo that are" in said
    assert api.cancellations == []
    assert run(*BUSY, "--flow", "acme/demo/busy", "--yes")[1] == "107 cancelled\n"


@pytest.mark.parametrize("command", [("list", "acme/demo/echo", "--json"), (*BUSY, "--yes", "--json")])
def test_unreadable_jobs_are_told_on_stderr(api: FakeApi, command: tuple[str, ...]) -> None:
    """Each such job has a line on stderr, whatever the warning filters, and an entry in the document."""
    api.unreadable = ["job_7", "job_8"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exit_code, printed, said = run(*command)
    assert (exit_code, len(printed.splitlines())) == (0, 1)
    assert json.loads(printed)["errors"] == [unreadable("job_7"), unreadable("job_8")]
    assert said.splitlines() == [
        f"noukai: job_{n} is left out: the row of job_{n} says nothing" for n in (7, 8)
    ]


@pytest.mark.parametrize("command", [("list", "acme/demo/echo", "--json"), (*BUSY, "--yes", "--json")])
def test_document_has_no_errors_if_all_can_be_read(command: tuple[str, ...]) -> None:
    """As in the API's answers, an empty list of errors is absent."""
    assert "errors" not in json.loads(run(*command)[1])


def test_moments_may_be_relative(api: FakeApi) -> None:
    """`3d` is three days ago, sent as a timestamp."""
    assert run("list", "acme/demo/echo", "--limit", "1", "--created-after", "3d")[0] == 0
    [after] = api.queries[0][1]["createdAfter"]
    assert after.endswith("Z")
    assert "T" in after


def test_the_version_is_shown() -> None:
    """The version is that of the distribution; no request is sent."""
    code, printed, _ = run("--version")
    assert (code, printed.split()[0]) == (0, "noukai")


def test_bare_command_shows_its_help() -> None:
    """It is wrong usage: a script that forgot its command must not go on."""
    code, printed, said = run()
    assert (code, printed) == (2, "")
    assert said.startswith("Usage: ")
    assert "submit " in said
