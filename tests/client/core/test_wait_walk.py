"""`job.wait` is followed in few steps, which the document lists."""

import sys

import pytest

from noukai import Noukai
from tests.client.script import job
from tests.client.servers.fake_api import FakeApi
from tests.walk import described_walk, followed

MOST_FILES = 8
MOST_RETURNS = 2


@pytest.mark.parametrize("is_submitted", [True, False])
def test_walk_of_a_wait(api: FakeApi, monkeypatch: pytest.MonkeyPatch, is_submitted: bool) -> None:
    """The files of a wait for a job that runs, then completes, are those of the list.

    The program does not use OpenTelemetry, whatever other tests have loaded.
    """
    monkeypatch.delitem(sys.modules, "opentelemetry.trace", raising=False)
    api.live("job_counted", job("running"), job("completed", result={"status": "completed", "output": 42}))
    with Noukai() as client:
        client.job("job_done").wait()
        awaited = client.flow("acme/demo/counted").job() if is_submitted else client.job("job_counted")
        with followed() as walk:
            result = awaited.wait()
    assert result.output == 42
    assert walk.files == described_walk("client/README.md", "How the client works")
    assert len(walk.files) <= MOST_FILES
    assert walk.returns <= MOST_RETURNS
