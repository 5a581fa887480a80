"""A job's log, page by page, as it stands or as it grows; and its timeline."""

from datetime import datetime
from typing import TypedDict

import httpx
from pydantic import ValidationError

from noukai._errors import InvalidArgumentError
from noukai_wire.limits import MAX_LOG_LIMIT, MAX_WAIT_SECONDS
from noukai_wire.logs import Event, EventList, LogLine, LogPage, LogQuery
from noukai_wire.routes import Route

from .answer import poll_interval, read, retry_after
from .api import Api
from .operation import Deadline, Operation

LEVELS = ("debug", "info", "warning", "error", "critical")
"""The levels of log lines, rising."""


class LogSelection(TypedDict, total=False):
    """A choice of log lines; an empty one is the whole log."""

    attempt: int | None
    """Only lines of this attempt, counted from 1."""
    after: str | None
    """Only lines after this place, the `after` of a log that was read before."""
    level: str | None
    """Only lines of this level and above: `debug`, `info`, `warning`, `error` or `critical`."""
    since: datetime | str | None
    """Only lines from this time on: an aware datetime, or ISO 8601 text with a time zone."""


class LogPages:
    """The selected lines of a job's log: those that there are, or with `follow` all until the log is done.

    A followed log is requested with held requests, at the API's poll interval, and outlasts an outage as a
    wait does.
    """

    def __init__(self, api: Api, job_id: str, selection: LogSelection, *, follow: bool) -> None:
        self._api = api
        self._job_id = job_id
        self._follow = follow
        self._query = _query(selection, follow=follow)
        self._least_level = _rank(selection.get("level"))
        self._since = _moment(selection.get("since"))
        self._pause = 0.0
        self.after = self._query.after
        """The place at which the latest page began."""
        self.has_more = True
        self.dropped = 0

    @property
    def next_after(self) -> str | None:
        """Return the place behind the latest page."""
        return self._query.after

    def page(self) -> Operation[list[LogLine]]:
        """Fetch the next page, which may be empty."""
        deadline = Deadline(self._api.clock)
        yield from deadline.pause(self._pause)
        self.after = self._query.after
        asked_at = self._api.clock()
        exchange = self._api.exchange
        patience = exchange.patience_of_wait(deadline) if self._follow else None
        response = yield from exchange.send(self._ask, deadline, patience)
        page = read(LogPage, response)
        self._query = self._query.model_copy(update={"after": page.after})
        self.dropped += page.dropped
        if self._follow:
            self.has_more = not page.done
            # Without a poll interval, lines may be followed by more at once.
            is_full = bool(page.lines) and retry_after(response) is None
            self._pause = 0.0 if is_full else poll_interval(response, self._api.clock() - asked_at)
        else:
            self.has_more = bool(page.lines) and not page.done
        return [line for line in page.lines if self._is_selected(line)]

    def _ask(self, left: float) -> httpx.Request:
        params = self._query.model_dump(by_alias=True, exclude_none=True)
        held = self._query.seconds
        return self._api.requests.of(Route.LOGS_BY_ID, left, held=held, params=params, id=self._job_id)

    def _is_selected(self, line: LogLine) -> bool:
        if line.level in LEVELS and LEVELS.index(line.level) < self._least_level:
            return False
        try:
            return self._since is None or datetime.fromisoformat(line.at) >= self._since
        except (ValueError, TypeError):  # a time that this version cannot read
            return True


def events(api: Api, job_id: str) -> Operation[list[Event]]:
    """Fetch the job's timeline."""

    def ask(left: float) -> httpx.Request:
        return api.requests.of(Route.EVENTS_BY_ID, left, id=job_id)

    response = yield from api.exchange.send(ask, Deadline(api.clock))
    return read(EventList, response).events


def _query(selection: LogSelection, *, follow: bool) -> LogQuery:
    try:
        return LogQuery(
            after=selection.get("after"),
            attempt=selection.get("attempt"),
            limit=MAX_LOG_LIMIT,
            seconds=MAX_WAIT_SECONDS if follow else 0,
        )
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False)[0]
        raise InvalidArgumentError(f"{problem['loc'][0]}: {problem['msg']}") from None


def _rank(level: str | None) -> int:
    if level is None:
        return 0
    if level not in LEVELS:
        raise InvalidArgumentError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
    return LEVELS.index(level)


def _moment(since: datetime | str | None) -> datetime | None:
    try:
        start = datetime.fromisoformat(since) if isinstance(since, str) else since
    except ValueError:
        start = None
    if since is not None and (start is None or start.tzinfo is None):
        raise InvalidArgumentError(
            f"since must be an aware datetime, or ISO 8601 text with a time zone, not {since!r}"
        )
    return start
