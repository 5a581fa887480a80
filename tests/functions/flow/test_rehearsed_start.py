"""The functions that `@on_start` decorates, in a rehearsal: each runs once in the process of the tests."""

import pytest

from noukai.flow import Flow, flow, on_start
from noukai.testing import rehearse


@pytest.fixture
def use() -> Flow:
    """Return a flow with two functions that run before it, the first of which fails once."""
    made: list[str] = []
    failures: list[Exception] = [ConnectionError("no model store")]

    @on_start
    def load() -> None:
        if failures:
            raise failures.pop()
        made.append("model")

    @on_start
    async def connect() -> None:
        made.append("connection")

    @flow(max_attempts=2)
    def use() -> list[str]:
        return made

    return use


def test_runs_before_the_first_attempt(use: Flow) -> None:
    """A failure costs an attempt and names the function; the next one goes on, and later ones run none."""
    first = rehearse(use)
    assert [attempt.error is None for attempt in first.attempts] == [False, True]
    error = first.attempts[0].error or ""
    assert error.startswith(
        "ConnectionError: no model store\nraised by use.<locals>.load, which @on_start runs"
    )
    assert first.output == rehearse(use).output == ["model", "connection"]
