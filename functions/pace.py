"""When it is worth looking at a job again, pure.

Holding a request costs as much in a second as asking nearly twice, and occupies concurrency meanwhile. So a job is
watched closely where its end is near, or may be; in between whoever waits for it is sent away until then.
"""

from functions.lifecycle import Job, State

HOLD_BELOW_MS = 1100
"""A shorter time is waited for within a held request: sending the client away for it would cost one more."""

_LONGEST_HELD_LOOK_MS = 500
"""Within a request that is held to the end: looking so often costs a twentieth of what holding does."""

_CLOSEST_LOOK_MS = 125
_BLIND_HOLD_MS = {State.PENDING: 2000, State.RUNNING: 5500}
"""Where nothing is known a job is watched this long: most are claimed, and many have ended, by then."""

_BLIND_PAUSE_MS = 4000
_BLIND_SHARE = 0.135
"""Of the time so far: then nobody hears of the end later than by this share of the job's own time."""

_NEAR = 0.75
"""In spreads, on either side of the expected end: half of the jobs end in between."""

_LEAD_MS = 1000
"""Watching begins earlier by this, or by 1.25 spreads: no early end of a short job is missed."""

_LONGEST_HELD_SPREAD_MS = 14_000
"""Watching an end that is less certain than this would cost more than 30 USD for a million jobs."""

_LOOKS_PER_SPREAD = 5
_PROGRESS_SHARE = 10
"""A worker writes progress each time that a tenth of the time so far has passed."""

_FIRST_CHECK_MS = 10_000
_CHECK_FACTOR = 10
"""Times the job's age: a job may fail long before its usual end, or be cancelled."""


def next_look_ms(job: Job, now: int, *, progress: bool = False) -> int:
    """Say in how many milliseconds an unsettled job is worth another look; `progress` is for those who follow it."""
    age = now - _phase_began_at(job)
    if job.must_wait(now):
        pause = (job.not_before or now) - now
    elif job.state is State.RUNNING and job.expected_at is not None:
        pause = _foreseen_ms(now - job.expected_at, job.spread_ms or 0, age)
    else:
        pause = _blind_ms(age, _BLIND_HOLD_MS[job.state])
    if progress and not job.must_wait(now):
        pause = min(pause, max(1000, age // _PROGRESS_SHARE))
    return max(1, min(pause, max(_FIRST_CHECK_MS, _CHECK_FACTOR * (now - job.created_at))))


def held_look_ms(job: Job, now: int) -> int:
    """Say in how many milliseconds a job is worth another look for whoever is there anyway."""
    return min(next_look_ms(job, now), _LONGEST_HELD_LOOK_MS)


def pause_ms(job: Job, now: int, *, held: bool = False, progress: bool = False) -> int:
    """Say in how many milliseconds whoever asks for an unsettled job should ask again: a second or more, or at once."""
    pause = next_look_ms(job, now, progress=progress)
    if pause > HOLD_BELOW_MS:
        return pause
    return 0 if held else 1000


def pace_headers(job: Job, now: int, *, held: bool = False, progress: bool = False) -> dict[str, str]:
    """Tell a client when to ask again: at once if it is to hold and that is worthwhile, else after a second or more.

    `Retry-After` is in whole seconds, as every client knows it, and never too early; `Retry-After-Ms` is exact.
    """
    pause = 0 if job.is_terminal else pause_ms(job, now, held=held, progress=progress)
    return {"Retry-After": str(-(-pause // 1000)), "Retry-After-Ms": str(pause)}


def _phase_began_at(job: Job) -> int:
    if job.state is State.RUNNING:
        return job.started_at or job.created_at
    return max(job.created_at, job.not_before or 0)


def _foreseen_ms(over: int, spread: int, age: int) -> int:
    """Sleep to just before the usual end, then watch; `over` is negative before the expected end."""
    lead = round(_NEAR * spread + min(1.25 * spread, _LEAD_MS))
    if over < -lead:
        return -over - lead
    pause = max(spread, spread - over, over) // _LOOKS_PER_SPREAD
    is_near = over < _NEAR * spread and spread <= _LONGEST_HELD_SPREAD_MS
    if is_near or pause <= HOLD_BELOW_MS:
        return min(2 * _CLOSEST_LOOK_MS, max(_CLOSEST_LOOK_MS, pause // 4))
    return min(pause, _blind_ms(age, 0))


def _blind_ms(age: int, hold: int) -> int:
    if age < hold:
        return min(2 * _CLOSEST_LOOK_MS, max(_CLOSEST_LOOK_MS, age // 8))
    return max(_BLIND_PAUSE_MS, round(age * _BLIND_SHARE))
