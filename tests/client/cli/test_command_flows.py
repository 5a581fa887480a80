"""The command `noukai flows`: the list of flows, and how to call each one."""

import json

import pytest

from tests.client.cli.running_command import run
from tests.client.servers.fake_api import FLOW

pytestmark = pytest.mark.usefixtures("api")


def test_flows_are_listed() -> None:
    """Each flow is listed with its arguments, the optional ones in brackets; --json has what the API sent."""
    assert run("flows") == (0, "acme/demo/word-count message [top]\n    Count the words.\n", "")
    assert json.loads(run("flows", "--json")[1]) == {"flows": [FLOW]}


def test_flow_shows_how_it_is_called() -> None:
    """One flow is shown with its arguments, a command and a program to paste."""
    code, printed, _ = run("flows", "acme/demo/word-count")
    assert code == 0
    assert printed.splitlines() == [
        "acme/demo/word-count",
        "    Count the words.",
        "",
        "message  any JSON, required",
        "top      any JSON, by default null",
        "",
        "An attempt may take 60 s; there are 3 at most.",
        "The job is kept for 7 days after its end.",
        "",
        "noukai submit acme/demo/word-count -m text --wait",
        "",
        "from noukai import Noukai",
        "",
        "with Noukai() as client:",
        "    job = client.flow('acme/demo/word-count').job(message='text')",
        "    print(job.wait().output)",
    ]
    assert json.loads(run("flows", "acme/demo/word-count", "--json")[1]) == FLOW


def test_flow_that_asks_for_a_worker_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker kind is named; the default one is not."""
    said = "It runs on a worker of the kind m3008-c4."
    assert said not in run("flows", "acme/demo/word-count")[1]
    monkeypatch.setitem(FLOW, "worker", "m3008-c4")
    assert said in run("flows", "acme/demo/word-count")[1].splitlines()


def test_flow_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown flow exits as an error of the API does, also if it is named alone."""
    monkeypatch.setenv("NOUKAI_ORG", "acme")
    monkeypatch.setenv("NOUKAI_PROJECT", "demo")
    assert run("flows", "word-count")[0] == 0
    assert run("flows", "lost") == (
        5,
        "",
        "noukai: there is no flow 'acme/demo/lost' here: `noukai flows` lists them\n",
    )
