"""Jobs of flows that the deployment no longer has."""

from pathlib import Path
from typing import Any

import pytest

from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System, assert_refused
from tests.functions.requests.lists import LISTS, listed
from tests.functions.stand_ins.delayed_messages import moment
from tests.functions.versions import HEAD, OLD, asset_of, live, version_in

COUNT = {"org": "acme", "project": "words", "flow": "count"}
LEFT = HEAD + "SAYS = 'new'\n"
"""The deployment has the flow `wait` but no `count`."""

OTHER = "from noukai.flow import flow\n\n\n@flow\ndef other() -> str:\n    return 'other'\n"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return asset_of(tmp_path / "old", OLD)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return asset_of(tmp_path / "new", LEFT, former=["words/count", "words/wait"])


def submit(system: System, old: Path, **options: Any) -> str:
    with live(system, old):
        return str(system.submit("words/count", parameters={"text": "to be"}, options=options).body["id"])


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_jobs_of_a_former_flow_are_listed(system: System, old: Path, new: Path, route: Route) -> None:
    """They are there while they wait and after they failed for that reason; the error names both versions."""
    job = submit(system, old)
    with live(system, new):
        assert listed(system, "state=pending", route, **COUNT) == [job]
        system.deliver()
        assert listed(system, "state=failed", route, **COUNT) == [job]
        status = system.status(job)
    reason = "this deployment no longer has the flow 'words/count'"
    accepted = f"version {version_in(old)} of the flows accepted the job"
    error = f"FlowNotFound: {accepted}, and version {version_in(new)} cannot run it: {reason}"
    assert (status["state"], status["error"]) == ("failed", error)
    assert system.messages() == 0


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_former_project_lists_its_jobs(system: System, tmp_path: Path, old: Path, route: Route) -> None:
    """A project without flows still lists its jobs."""
    job = submit(system, old)
    with live(system, asset_of(tmp_path / "new", OTHER, ["gone/too", "words/count"], "others")):
        assert listed(system, "", route, **COUNT) == [job]


def test_flow_that_only_a_rolled_back_version_had(system: System, tmp_path: Path, old: Path) -> None:
    """No catalog has it, but its jobs are found by its address; for another org the flow is unknown."""
    job = submit(system, old)
    with live(system, asset_of(tmp_path / "new", LEFT)):
        assert listed(system, "state=pending", Route.LIST_JOBS, **COUNT) == [job]
        assert system.send(Route.CANCEL_JOBS, body={}, **COUNT).body == {"cancelled": 1}
        # A flow without such a job is unknown, however long its name.
        for flow in ("cou", "c" * 5000, "count#0"):
            assert_refused(
                system, system.send(Route.LIST_JOBS, **{**COUNT, "flow": flow}), ErrorCode.FLOW_NOT_FOUND
            )
        system.key = "nk_globex"
        foreign = system.send(Route.LIST_JOBS, **{**COUNT, "org": "globex"})
        assert_refused(system, foreign, ErrorCode.FLOW_NOT_FOUND)


@pytest.mark.parametrize("ahead", [None, 60, 7 * 86_400], ids=["waiting", "delayed", "scheduled"])
def test_jobs_of_a_former_flow_can_be_cancelled(
    system: System, old: Path, new: Path, ahead: int | None
) -> None:
    """Waiting ones too; submitting a new one is refused."""
    options = {} if ahead is None else {"runAt": moment(system, ahead)}
    job = submit(system, old, **options)
    with live(system, new):
        assert system.send(Route.CANCEL_JOBS, body={}, **COUNT).body == {"cancelled": 1}
        assert system.status(job)["state"] == "cancelled"
        retried = system.send(Route.RETRY, id=job, **COUNT)
        assert (retried.status, retried.code) == (404, ErrorCode.FLOW_NOT_FOUND)
        submitted = system.submit("words/count", parameters={"text": "to be"})
        assert (submitted.status, submitted.code) == (404, ErrorCode.FLOW_NOT_FOUND)


def test_returned_flow_is_listed_once(system: System, tmp_path: Path, old: Path) -> None:
    """It is listed once."""
    job = submit(system, old)
    with live(system, asset_of(tmp_path / "new", OLD, former=["words/count"])):
        assert listed(system, "", Route.LIST_ORG) == [job]
        assert system.deployment.catalog.former == ()
