"""`job.wait` is followed in few steps, which the document lists."""

from noukai import Noukai
from tests.client.script import job
from tests.client.servers.fake_api import FakeApi
from tests.walk import described_walk, followed


def test_walk_of_a_wait(api: FakeApi) -> None:
    """The files of a wait for a job that runs, then completes, are those of the list."""
    api.live("job_counted", job("running"), job("completed", result={"status": "completed", "output": 42}))
    with Noukai() as client:
        client.job("job_done").wait()
        awaited = client.job("job_counted")
        with followed() as walk:
            result = awaited.wait()
    assert result.output == 42
    assert walk.files == described_walk("client/README.md", "How the client works")
    assert walk.returns <= 8
