"""Jobs that one version of the flows accepted and another one runs."""

from pathlib import Path
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import State
from tests.functions.harness import System, output
from tests.functions.stand_ins.delayed_messages import fire, moment
from tests.functions.versions import HEAD, OLD, asset_of, live, version_in

HOUR = 3600
STRICT = HEAD + "@flow\ndef count(text: str, top: int) -> str:\n    return 'new ' + text\n\nSAYS = 'new'\n"
DATED = HEAD + "@flow\ndef count(text: date) -> str:\n    return 'new'\n\nSAYS = 'new'\n"
WIDER = HEAD + "@flow\ndef count(text: str, top: int = 1) -> str:\n    return 'new ' + text\n\nSAYS = 'new'\n"


@pytest.mark.parametrize(
    ("source", "problem"), [(STRICT, "top: is required"), (DATED, "text: ")], ids=["schema", "conversion"]
)
@pytest.mark.parametrize("is_later", [False, True], ids=["waiting", "later"])
def test_job_that_no_longer_fits_fails_at_once(
    system: System, tmp_path: Path, source: str, problem: str, *, is_later: bool
) -> None:
    """Its error names both versions and what does not fit; no further attempt could help."""
    old, new = asset_of(tmp_path / "old", OLD), asset_of(tmp_path / "new", source)
    options = {"runAt": moment(system, HOUR)} if is_later else {}
    with live(system, old):
        job = system.submit("words/count", parameters={"text": "to be"}, options=options).body["id"]
        if is_later:
            system.clock.time += 1000 * HOUR
            fire(system)
    with live(system, new):
        system.deliver()
        status = system.status(job)
    assert (status["state"], status["attempt"]) == ("failed", 1)
    accepted, running = version_in(old), version_in(new)
    expected = f"version {accepted} of the flows accepted the job, and version {running} cannot run it: "
    assert expected in status["error"]
    assert problem in status["error"]
    assert system.messages() == 0


def test_job_of_a_deployment_without_versions(system: System, tmp_path: Path) -> None:
    """Its message names no version; its error still says that another version accepted it."""
    new = asset_of(tmp_path / "new", STRICT)
    with live(system, asset_of(tmp_path / "old", OLD)):
        job = system.submit("words/count", parameters={"text": "to be"}).body["id"]
        queue = system.deployment.queue
        queue.client.purge_queue(QueueUrl=queue.url)
        queue.send(system.message_of(job, arguments={"text": "to be"}))
    with live(system, new):
        system.deliver()
    assert (
        f"an older version of the flows accepted the job, and version {version_in(new)}"
        in system.status(job)["error"]
    )


def test_job_that_still_fits_runs(system: System, tmp_path: Path) -> None:
    """It runs in the version that is live at its start."""
    with live(system, asset_of(tmp_path / "old", OLD)):
        job = system.submit("words/count", parameters={"text": "to be"}).body["id"]
    with live(system, asset_of(tmp_path / "new", WIDER)):
        system.deliver()
        assert output(system.status(job)) == "new to be"


@pytest.mark.parametrize(("before", "after"), [(OLD, WIDER), (WIDER, OLD)], ids=["deployed", "rolled back"])
def test_job_that_a_version_took_runs_to_its_end(
    system: System, tmp_path: Path, before: str, after: str
) -> None:
    """Another version runs the later jobs, and turns away a second delivery of this one."""
    first, second = asset_of(tmp_path / "first", before), asset_of(tmp_path / "second", after)
    gate = tmp_path / "gate"
    answers: list[Any] = []

    def switch() -> None:
        if system.row(job).state is not State.RUNNING:
            return
        system.clock.at_each_look = lambda: None
        system.deployment.queue.send(system.message_of(job, arguments={"text": str(gate)}))
        with live(system, second):
            assert system.deliver()["batchItemFailures"]
            following = system.submit("words/count", parameters={"text": "to be"}).body["id"]
            system.deliver()
            answers.append(output(system.status(following)))
        gate.touch()

    with live(system, first):
        job = system.submit("words/wait", parameters={"text": str(gate)}).body["id"]
        system.clock.at_each_look = switch
        system.deliver()
        status = system.status(job)
    says = {OLD: "old", WIDER: "new"}
    assert (output(status), status["attempt"]) == (says[before], 1)
    assert answers == [f"{says[after]} to be"]


def test_version_is_that_of_the_content(tmp_path: Path) -> None:
    """Two builds of the same files have the same version; other files have another."""
    assert version_in(asset_of(tmp_path / "a", OLD)) == version_in(asset_of(tmp_path / "b", OLD))
    assert version_in(asset_of(tmp_path / "c", OLD + "\n")) != version_in(tmp_path / "a")
