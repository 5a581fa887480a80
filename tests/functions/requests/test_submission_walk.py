"""A submission is followed in few steps, which the document lists."""

from tests.functions.harness import System
from tests.walk import described_walk, followed


def test_walk_of_a_submission(system: System) -> None:
    """The files of an accepted submission are those of the list; it goes back to few of them."""
    system.submit(parameters={"a": 1})
    with followed() as walk:
        accepted = system.submit(parameters={"a": 1}, headers={"idempotency-key": "a-key"})
    assert accepted.status == 202
    assert walk.files == described_walk("functions/README.md", "A submission")
    assert walk.returns <= 2
