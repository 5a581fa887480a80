"""A job's log as the client reads it: page by page, followed, selected; and its timeline."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from noukai import (
    ConnectionFailedError,
    InvalidArgumentError,
    JobNotFoundError,
    LogLine,
)
from noukai._core.logs import LogPages
from tests.client.conftest import Colour
from tests.client.script import JOB, Answer, Player, refused


def line(message: str, **fields: Any) -> dict[str, Any]:
    """Return a line as it stands on the wire."""
    at = {"at": "2026-11-25T12:00:00.000Z", "attempt": 1, "stream": "log", "level": "info"}
    return {**at, "message": message, **fields}


def page(
    *lines: dict[str, Any], after: str, done: bool = False, headers: dict[str, str] | None = None
) -> Answer:
    """Return the answer with a page of a log."""
    return Answer(body={"lines": list(lines), "after": after, "done": done}, headers=headers or {})


def read(player: Player, pages: LogPages, *answers: Answer) -> list[str]:
    """Return the messages of all pages."""
    script = iter(answers)
    found: list[LogLine] = []
    while pages.has_more:
        found += player.play(pages.page(), *[next(script)])
    assert next(script, None) is None, "a page was not asked for"
    return [each.message for each in found]


def log(player: Player, *, follow: bool = False, **selection: Any) -> LogPages:
    return LogPages(player.api, JOB, selection, follow=follow)  # type: ignore[arg-type]


def test_a_log_is_read_as_it_stands() -> None:
    """Pages follow each other without a pause, until one is empty; none is held."""
    player = Player()
    found = read(
        player,
        log(player),
        page(line("a"), line("b"), after="2"),
        page(line("c"), after="3"),
        page(after="3"),
    )
    assert found == ["a", "b", "c"]
    assert player.sleeps == []
    assert player.paths == [
        "/jobs/job_1/logs?limit=1000&seconds=0",
        "/jobs/job_1/logs?after=2&limit=1000&seconds=0",
        "/jobs/job_1/logs?after=3&limit=1000&seconds=0",
    ]


def test_a_log_that_is_done_needs_no_further_request() -> None:
    """The page says that no line will follow."""
    player = Player()
    assert read(player, log(player), page(line("a"), after="1", done=True)) == ["a"]


def test_a_followed_log_ends_when_it_is_done() -> None:
    """Each request is held for twenty seconds; an empty answer is no end."""
    player = Player()
    found = read(
        player,
        log(player, follow=True),
        page(line("a"), after="1"),
        page(after="1"),
        page(line("b", attempt=2), after="2", done=True),
    )
    assert found == ["a", "b"]
    assert player.paths[-1] == "/jobs/job_1/logs?after=1&limit=1000&seconds=20"


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (page(line("a"), after="1"), []),
        (page(line("a"), after="1", headers={"Retry-After-Ms": "1500"}), [1.5]),
        (page(after="0"), [1.0]),
        (page(after="0", headers={"Retry-After": "0"}), [0.2]),
    ],
    ids=["full page", "asked for", "nothing said", "no hold"],
)
def test_a_followed_log_keeps_the_poll_interval(answer: Answer, pause: list[float]) -> None:
    """After lines the next ones may be there already; an answer without any is not followed at once."""
    player = Player()
    read(player, log(player, follow=True), answer, page(after="1", done=True))
    assert player.sleeps == pause


def test_a_followed_log_outlasts_an_outage() -> None:
    """The request is repeated at the same place: no line is missed, none comes twice."""
    player = Player(max_retries=3)
    pages = log(player, follow=True)
    down = [Answer(failure=httpx.ConnectError), refused(503), refused(429, "RATE_LIMITED")] * 5
    player.play(pages.page(), page(line("a"), after="1"))
    found = player.play(pages.page(), *down, page(line("b"), after="2", done=True))
    assert [each.message for each in found] == ["b"]
    assert set(player.paths[1:]) == {"/jobs/job_1/logs?after=1&limit=1000&seconds=20"}


def test_a_followed_log_gives_up_after_a_long_outage() -> None:
    """A quarter of an hour without an answer is an error, as in a wait without a timeout."""
    player = Player()
    with pytest.raises(ConnectionFailedError):
        player.play(log(player, follow=True).page(), *[Answer(failure=httpx.ConnectTimeout, took=30.0)] * 26)
    assert player.now - 1000 > 15 * 60


LINES = [
    line("detail", level="debug"),
    line("said"),
    line("new", level="notice"),
    line("careful", level="warning", at="2026-11-25T12:00:01.000Z"),
    line("broken", level="critical", at="2026-11-25T12:00:02.000Z"),
]


@pytest.mark.parametrize(
    ("selection", "messages"),
    [
        ({}, ["detail", "said", "new", "careful", "broken"]),
        ({"level": "info"}, ["said", "new", "careful", "broken"]),
        ({"level": "error"}, ["new", "broken"]),
        ({"since": "2026-11-25T12:00:01Z"}, ["careful", "broken"]),
        ({"since": datetime(2026, 11, 25, 12, 0, 2, tzinfo=UTC)}, ["broken"]),
    ],
)
def test_lines_are_selected(selection: dict[str, Any], messages: list[str]) -> None:
    """A level of a later version is never left out."""
    player = Player()
    assert read(player, log(player, **selection), page(*LINES, after="5", done=True)) == messages


def test_a_time_of_a_later_version_is_not_left_out() -> None:
    """A line whose time cannot be read may be the one that is wanted."""
    player = Player()
    answer = page(line("odd", at="day 5"), after="1", done=True)
    assert read(player, log(player, since="2026-11-25T12:00:01Z"), answer) == ["odd"]


def test_attempt_and_place_are_selected_by_the_api() -> None:
    """Lines of other attempts are not sent."""
    player = Player()
    read(player, log(player, attempt=2, after="7"), page(after="7", done=True))
    assert player.paths == ["/jobs/job_1/logs?after=7&attempt=2&limit=1000&seconds=0"]


@pytest.mark.parametrize(
    ("selection", "problem"),
    [
        ({"attempt": 0}, "attempt: .*greater than or equal to 1"),
        ({"level": "loud"}, "level must be one of debug, .*, not 'loud'"),
        ({"since": "yesterday"}, "since must be an aware datetime, .*, not 'yesterday'"),
        ({"since": datetime(2026, 11, 25, 12)}, "since must be an aware datetime"),  # noqa: DTZ001
    ],
)
def test_wrong_selections_send_nothing(colour: Colour, selection: dict[str, Any], problem: str) -> None:
    """A selection that cannot be is refused at the call."""
    client = colour.client(lambda _: pytest.fail("a request was sent"))
    with pytest.raises(InvalidArgumentError, match=problem):
        client.job(JOB).logs(**selection)


def test_a_log_is_iterated_in_both_colours(colour: Colour) -> None:
    """The log says where to go on: at the page that was begun, or behind the last line."""
    answers = iter(
        [
            {"lines": [line("a"), line("b")], "after": "2", "done": False},
            {"lines": [line("c")], "after": "3", "done": False, "dropped": 7},
            {"lines": [], "after": "3", "done": False},
        ]
    )
    client = colour.client(lambda _: httpx.Response(200, json=next(answers)))
    found = client.job(JOB).logs(after="0")
    assert [each.message for each in colour.collect(found, 1)] == ["a"]
    assert (found.after, found.dropped) == ("0", 0)
    assert [each.message for each in colour.collect(found)] == ["b", "c"]
    assert (found.after, found.dropped) == ("3", 7)


def test_a_timeline_is_fetched(colour: Colour) -> None:
    """An event of a later version is shown as it is."""
    events = [
        {"at": "2026-11-25T12:00:00.000Z", "type": "submitted"},
        {"at": "2026-11-25T12:00:01.000Z", "type": "renamed", "attempt": 1, "message": "of a later version"},
    ]
    client = colour.client(lambda _: httpx.Response(200, json={"events": events}))
    found = colour.run(client.job(JOB).events())
    assert [(each.type, each.attempt) for each in found] == [("submitted", None), ("renamed", 1)]


def test_an_error_of_the_api_is_raised(colour: Colour) -> None:
    """It comes out of the iteration, and out of the call."""
    answer = {"detail": {"code": "JOB_NOT_FOUND", "message": "no"}}
    client = colour.client(lambda _: httpx.Response(404, json=answer))
    with pytest.raises(JobNotFoundError):
        colour.collect(client.job(JOB).logs(follow=True))
    with pytest.raises(JobNotFoundError):
        colour.run(client.job(JOB).events())
