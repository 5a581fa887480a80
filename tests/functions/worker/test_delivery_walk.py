"""The way of a delivery through the code: few files, which the document lists."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from noukai_functions.handlers import worker
from tests.functions.harness import System, output
from tests.walk import Walk, described_walk, followed


def test_walk_of_a_delivery(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery whose job completes passes the files of the list, on the worker's side of the pipe."""
    system.run("add", parameters={"a": 1})
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    monkeypatch.setattr(worker, "deployed", lambda: system.deployment)
    walks: list[Walk] = []

    def follow(event: Any, context: Any) -> Any:
        with patch.dict(vars(system.deployment), worker=ours), followed() as walk:
            walks.append(walk)
            return worker.handler(event, context)

    ours = system.deployment.worker
    with patch.dict(vars(system.deployment), worker=SimpleNamespace(work=follow)):
        system.deliver()
    (walk,) = walks
    assert output(system.status(job_id)) == 2
    assert walk.files == described_walk("functions/README.md", "A delivery")
    assert len(walk.files) <= 14
    assert walk.returns <= 3
