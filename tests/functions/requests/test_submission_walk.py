"""The way of a submission through the code: few files, which the document lists."""

from tests.functions.harness import System
from tests.walk import described_walk, followed


def test_walk_of_a_submission(system: System) -> None:
    """An accepted submission passes the files of the list, and goes back to few of them."""
    system.submit(parameters={"a": 1})
    with followed() as walk:
        accepted = system.submit(parameters={"a": 1}, headers={"idempotency-key": "a-key"})
    assert accepted.status == 202
    assert walk.files == described_walk("functions/README.md", "A submission")
    assert len(walk.files) <= 12
    assert walk.returns <= 3
