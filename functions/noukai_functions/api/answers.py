"""The answer to a submission, and the poll intervals of jobs in all answers. Pure.

A second of a held request costs nearly as much as two polls, and occupies concurrency. So a job is watched
closely only when its end is near, or may be; before that, the client is told when to poll again.
"""

from dataclasses import replace
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Response
from noukai_functions.api.errors import ErrorAnswer
from noukai_functions.jobs.lifecycle import Job, State, progress_interval_ms
from noukai_functions.timestamps import timestamp
from noukai_wire.routes import BASE_PATH, Route

HOLD_BELOW_MS = 700
"""Hold the request for a shorter pause: another request would cost more."""

FOLLOW_BELOW_MS = 1100
"""The same limit for clients that follow the progress, which poll every second at first."""

_CLOSEST_POLL_MS = 125
_BLIND_HOLD_MS = {State.PENDING: 2000, State.RUNNING: 5300}
"""How long to hold for a job without an estimate: by then most jobs are claimed, and many have ended."""

_BLIND_PAUSE_MS = {State.PENDING: 4000, State.RUNNING: 5500}
_BLIND_MINUTE_MS = 45_000
"""Beyond this age a job may take minutes, and its end is noticed within a share of its age."""

_LONG_MS = 60_000
"""For jobs of at least this duration most polls are separate requests, so each saved poll counts."""

_BLIND_SHARE = 0.055
_LONG_BLIND_SHARE = 0.057
"""The poll interval as a share of the age: half of the ends are noticed within 3 % of it, 95 of 100 within 6
%.

No schedule with this median takes less than 93 % of these polls."""

_WINDOW = 2.0
"""Spreads on either side of the expected end: 19 of 20 jobs end within this window."""

_NEAR = (-0.75, 0.75)
"""Spreads around the expected end: half of the jobs end in this range."""

_LONG_NEAR = (-0.5, 1.0)
"""The same for long jobs, shifted later: half of them end in this range. A poll before the expected end is in
vain for more jobs than a poll after it."""

_LONG_EARLIEST = 0.105
"""To the power of the spread's share of the duration: 49 of 50 jobs take longer than this share of it.

Durations vary by ratio: half of the usual duration is as likely as twice."""

_NEAR_PAUSE = (1 / 16, 0.0033)
_PAUSE = (1 / 6, 0.0082)
"""The pause near the expected end, and in the rest of the window: in spreads, and at least a share of the
duration.

If the duration is known within a twentieth, half of the ends are noticed within 0.3 % of it, nearly all
within 1 %."""

_FIRST_CHECK_MS = 10_000
_CHECK_FACTOR = 10
"""A multiple of the job's age: the longest pause, since a job may fail early or be cancelled."""


def accepted(job: Job) -> dict[str, Any]:
    """Return the JobAccepted view; its state is always `pending`."""
    return {
        "id": job.id,
        "state": State.PENDING.value,
        "createdAt": timestamp(job.created_at),
        "flow": flow_address(job),
        **for_published_sdks(job),
        "status": "started",
    }


def accepted_response(job: Job, api_key: ApiKey, now: int) -> Response:
    """Return 202 with the accepted job, its location and its poll interval.

    A repeated submission may find a running or ended job; a key without the read scope cannot tell it from a
    new one.
    """
    seen = job if api_key.may_read else replace(job, state=State.PENDING, not_before=job.due_at)
    return Response(
        accepted(job), status=202, headers={"Location": location(job), **poll_interval_headers(seen, now)}
    )


def location(job: Job) -> str:
    """Return the path of the job's status, below its flow."""
    project, flow = job.flow.split("/")
    return BASE_PATH + Route.STATUS.path(org=job.org, project=project, flow=flow, id=job.id)


def entry_error(error: ErrorAnswer) -> dict[str, Any]:
    """Return the error of one job in a batch request."""
    return {"error": error.body["detail"]}


def flow_address(job: Job) -> str:
    """Return the address of a job's flow: `org/project/flow`."""
    return f"{job.org}/{job.flow}"


def for_published_sdks(job: Job) -> dict[str, Any]:
    """Return the fields that only the published SDKs read."""
    return {"executionId": job.id, "flowId": flow_address(job), "blockCount": 1}


def poll_interval_headers(
    job: Job, now: int, *, held: bool = False, progress: bool = False
) -> dict[str, str]:
    """Return the headers with the poll interval.

    `Retry-After` is in whole seconds, as HTTP defines it, rounded up; `Retry-After-Ms` is exact.
    """
    pause = 0 if job.is_terminal else poll_interval_ms(job, now, held=held, progress=progress)
    return {"Retry-After": str(-(-pause // 1000)), "Retry-After-Ms": str(pause)}


def poll_interval_ms(job: Job, now: int, *, held: bool = False, progress: bool = False) -> int:
    """Return the poll interval of an unsettled job in milliseconds: at least a second, or 0."""
    pause = next_poll_ms(job, now, progress=progress)
    if held:
        return 0 if is_held_for(pause, progress=progress) else pause
    return max(pause, 1000)


def next_poll_ms(job: Job, now: int, *, progress: bool = False) -> int:
    """Return the milliseconds until an unsettled job should be read again.

    `progress` is true for a client that follows the progress.
    """
    age = now - _phase_began_at(job)
    if job.must_wait(now):
        pause = (job.not_before or now) - now
    elif job.state is State.RUNNING and job.expected_at is not None:
        pause = _foreseen_ms(now - job.expected_at, job.spread_ms or 0, age)
    else:
        pause = _blind_ms(age, job.state)
    if progress and not job.must_wait(now):
        pause = min(pause, progress_interval_ms(age))
    return max(1, min(pause, max(_FIRST_CHECK_MS, _CHECK_FACTOR * (now - job.created_at))))


def is_held_for(pause: int, *, progress: bool) -> bool:
    """Return whether a request is held for a pause of so many milliseconds."""
    return pause <= (FOLLOW_BELOW_MS if progress else HOLD_BELOW_MS)


def _phase_began_at(job: Job) -> int:
    if job.state is State.RUNNING:
        return job.started_at or job.created_at
    return max(job.created_at, job.not_before or 0)


def _foreseen_ms(over: int, spread: int, age: int) -> int:
    """Return the pause until shortly before the expected end, then short pauses.

    `over` is negative before the expected end.
    """
    usual = age - over
    is_long = usual >= _LONG_MS
    lead = round(usual * (1 - _LONG_EARLIEST ** (spread / usual)) if is_long else _WINDOW * spread)
    if over < -lead:
        return -over - lead
    first, last = _LONG_NEAR if is_long else _NEAR
    of_spread, of_time = _NEAR_PAUSE if first * spread < over < last * spread else _PAUSE
    pause = round(max(of_spread * max(spread, over - _WINDOW * spread), of_time * usual))
    if pause <= HOLD_BELOW_MS:
        return min(2 * _CLOSEST_POLL_MS, max(_CLOSEST_POLL_MS, pause))
    return min(pause, max(HOLD_BELOW_MS + 1, _blind_pause_ms(age)))


def _blind_ms(age: int, state: State) -> int:
    if age < _BLIND_HOLD_MS[state]:
        return min(2 * _CLOSEST_POLL_MS, max(_CLOSEST_POLL_MS, age // 8))
    return max(_BLIND_PAUSE_MS[state] if age < _BLIND_MINUTE_MS else 0, _blind_pause_ms(age))


def _blind_pause_ms(age: int) -> int:
    return round(age * (_BLIND_SHARE if age < _LONG_MS else _LONG_BLIND_SHARE))
