"""The arguments of a rehearsed job: they are accepted or refused as by the API."""

from typing import Any

import pytest

from noukai.flow import Context, flow
from noukai.testing import rehearse


def test_attempts_have_arguments_of_their_own() -> None:
    """An attempt that changes its arguments does not change those of the next."""

    @flow(max_attempts=2)
    def changing(rows: list[Any], options: dict[str, Any], *, context: Context) -> Any:
        rows.append(1)
        options["rows"] = rows
        if context.attempt == 1:
            raise ValueError
        return options

    given: dict[str, Any] = {"rows": [], "options": {}}
    assert rehearse(changing, given).output == {"rows": [1]}
    assert given == {"rows": [], "options": {}}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"count": "3"}, "parameters.count: must be integer"),
        ({"count": 10**400}, "too large"),
        ({"count": 1, "tags": ["\ud800"]}, ": the body: holds half of a surrogate pair"),
        ({"count": 1, "message": 3}, "message: must be string or null"),
        ({}, "parameters.count: is required"),
        ({"count": 1, "more": 1}, "parameters.more: is not known here"),
    ],
)
def test_what_the_api_refuses_fails(arguments: dict[str, Any], problem: str) -> None:
    """It fails as its submission would, before the flow is called."""

    @flow
    def counting(count: int, tags: list[str] | None = None, message: str = "none") -> str:
        raise AssertionError((count, tags, message))

    done = rehearse(counting, arguments)
    assert (done.state, len(done.attempts)) == ("failed", 1)
    assert problem in (done.error or "")
    assert (done.error or "").startswith("ArgumentsError: the arguments do not fit the flow: ")


def test_null_message_counts_as_absent() -> None:
    """As in the API, the flow's default is used."""

    @flow
    def greet(message: str = "hello") -> str:
        return message

    assert rehearse(greet, {"message": None}).output == "hello"
