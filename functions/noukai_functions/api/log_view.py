"""The contract's view of a job's log. Pure."""

from typing import Any

from noukai_functions.api.answers import poll_interval_headers
from noukai_functions.api.endpoint import Response
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.logs.line import STREAMS, Line
from noukai_functions.logs.reader import Page
from noukai_functions.timestamps import timestamp

_NEWS_MS = 2000
"""A worker stores the lines of a followed job that often."""


def log_response(job: Job, page: Page, now: int, *, held: bool) -> Response:
    """Return a page of a log and its poll interval; a log that is done has none."""
    body = {
        "lines": [_line(attempt, line) for attempt, line in page.lines],
        "after": page.place.text(job.created_at),
        "done": page.is_last,
        "dropped": page.dropped,
    }
    return Response(body, headers={} if page.is_last else _poll_interval(job, page, now, held=held))


def _line(attempt: int, line: Line) -> dict[str, Any]:
    fields = {"fields": dict(line.fields)} if line.fields else {}
    return {
        "at": timestamp(line.at),
        "attempt": attempt,
        "stream": STREAMS[line.stream],
        "level": line.shown_level,
        "message": line.message,
        **fields,
    }


def _poll_interval(job: Job, page: Page, now: int, *, held: bool) -> dict[str, str]:
    if job.state is State.PENDING and not page.is_full:
        return poll_interval_headers(job, now)
    pause = 0 if page.is_full or held else _NEWS_MS
    return {"Retry-After": str(pause // 1000), "Retry-After-Ms": str(pause)}
