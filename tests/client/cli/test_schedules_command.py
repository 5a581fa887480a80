"""The commands `noukai schedules …`."""

import json

import pytest

from tests.client.cli.running_command import run
from tests.client.servers.automation import DIGEST, INSTANTS
from tests.client.servers.fake_api import FakeApi

pytestmark = pytest.mark.usefixtures("api")


def test_schedules_are_listed_in_lines(api: FakeApi) -> None:
    """In a pipe no line is cut and there is no heading."""
    api.automation.schedules["other"] = {**DIGEST, "name": "other", "state": "broken", "problem": "no\nflow"}
    exit_code, printed, _ = run("schedules", "list")
    assert exit_code == 0
    first, second = printed.splitlines()
    assert first.split() == [
        "digest-u7",
        "active",
        INSTANTS[0],
        "acme/mail/digest",
        *["0", "9", "*", "*", "mon-fri"],
        "Europe/Berlin",
    ]
    assert second.endswith("  no flow")
    assert [each["name"] for each in json.loads(run("schedules", "list", "--json")[1])["schedules"]] == [
        "digest-u7",
        "other",
    ]


def test_schedule_is_put(api: FakeApi) -> None:
    """It is printed with its next instant."""
    given = (
        "--flow",
        "acme/mail/digest",
        "--cron",
        "*/5 * * * *",
        "--zone",
        "Asia/Tokyo",
        "--overlap",
        "skip",
    )
    exit_code, printed, _ = run("schedules", "put", "fives", *given, "-p", "user=7", "--max-attempts", "2")
    assert exit_code == 0
    assert api.automation.bodies[-1] == {
        "flow": "acme/mail/digest",
        "cron": "*/5 * * * *",
        "zone": "Asia/Tokyo",
        "overlap": "skip",
        "missed": "latest",
        "parameters": {"user": 7},
        "options": {"maxAttempts": 2},
    }
    lines = printed.splitlines()
    assert lines[0].split() == ["name", "fives"]
    assert lines[-2:] == ["next", f"  {INSTANTS[0]}"]
    assert ["parameters", '{"user": 7}'] in [line.split(maxsplit=1) for line in lines]


def test_schedule_is_shown_with_its_jobs(api: FakeApi) -> None:
    """What the API says cannot write on the terminal."""
    jobs = [
        {"id": "job_1", "instant": INSTANTS[0], "job": {**_job("failed"), "error": "ValueError:\x1b[2J no"}},
        {"id": "job_2"},
    ]
    notes = [{"outcome": "skipped", "instant": INSTANTS[1], "count": 3, "message": "the job before runs"}]
    api.automation.schedules["digest-u7"] = {**DIGEST, "jobs": jobs, "history": notes, "source": "code"}
    printed = run("schedules", "show", "digest-u7")[1]
    assert f"  {INSTANTS[0]}  job_1  failed  ValueError: [2J no\n" in printed
    assert "  triggered  job_2  expired\n" in printed
    assert f"  {INSTANTS[1]}  skipped (3 in a row)  the job before runs\n" in printed
    assert "declared in  code\n" in printed
    assert json.loads(run("schedules", "show", "digest-u7", "--json")[1])["name"] == "digest-u7"


def _job(state: str) -> dict[str, str]:
    return {"id": "job_1", "state": state, "createdAt": INSTANTS[0]}


def test_schedule_is_paused_and_resumed() -> None:
    for verb, state in (("pause", "paused"), ("resume", "active")):
        exit_code, printed, _ = run("schedules", verb, "digest-u7")
        assert (exit_code, printed.splitlines()[1].split()) == (0, ["state", state])


def test_triggered_job_is_printed() -> None:
    assert run("schedules", "trigger", "digest-u7")[:2] == (0, "job_done\n")
    assert json.loads(run("schedules", "trigger", "digest-u7", "--json")[1])["id"] == "job_done"


def test_next_instants_are_printed() -> None:
    assert run("schedules", "next", "digest-u7", "2")[1].splitlines() == INSTANTS[:2]
    assert json.loads(run("schedules", "next", "digest-u7", "--json")[1]) == {"next": INSTANTS}


def test_deleted_schedule_is_gone(api: FakeApi) -> None:
    assert run("schedules", "delete", "digest-u7") == (0, "", "")
    assert api.automation.schedules == {}
    exit_code, _, said = run("schedules", "show", "digest-u7")
    assert exit_code == 5
    assert "there is none" in said


@pytest.mark.parametrize("name", ["Not-A-Slug", "../x"])
def test_wrong_name_is_a_mistake_of_usage(name: str) -> None:
    exit_code, _, said = run("schedules", "show", name)
    assert exit_code == 2
    assert "the name of a schedule" in said
