"""The poll intervals of jobs, pure.

Holding a request costs as much in a second as asking nearly twice, and occupies concurrency meanwhile. So a
job is watched closely where its end is near, or may be; in between whoever waits for it is sent away until
then.
"""

from noukai_functions.jobs.lifecycle import Job, State, progress_interval_ms

HOLD_BELOW_MS = 700
"""A shorter time is waited for within a held request: sending the client away for it would cost more."""

FOLLOW_BELOW_MS = 1100
"""The same for those who follow the progress: they look every second at first."""

_LONGEST_HELD_POLL_MS = 500
"""Within a request that is held to the end: looking so often costs a twentieth of what holding does."""

_CLOSEST_POLL_MS = 125
_BLIND_HOLD_MS = {State.PENDING: 2000, State.RUNNING: 5300}
"""Where nothing is known a job is watched this long: most are claimed, and many have ended, by then."""

_BLIND_PAUSE_MS = {State.PENDING: 4000, State.RUNNING: 5500}
_BLIND_MINUTE_MS = 45_000
"""Beyond this age a job may take a minute or more, and its end is noticed within a share of its time."""

_LONG_MS = 60_000
"""Jobs of this time and more are looked at with requests, most of them: each look is worth saving."""

_BLIND_SHARE = 0.055
_LONG_BLIND_SHARE = 0.057
"""Of the time so far: half of the ends are noticed within 3 % of it, 95 of 100 within 6 %.

No schedule with this median takes less than 93 % of these looks.
"""

_WINDOW = 2.0
"""In spreads, on either side of the expected end: of twenty jobs 19 end in between."""

_NEAR = (-0.75, 0.75)
"""The same: half of the jobs end in between."""

_LONG_NEAR = (-0.5, 1.0)
"""Half of the jobs end in between, too. A look before the expected end is in vain for more jobs than one after it."""

_LONG_EARLIEST = 0.105
"""To the power of the spread's share of the time: of fifty jobs 49 take longer than this share of the time.

Run times spread by ratios: half of the usual time is as likely as twice.
"""

_NEAR_PAUSE = (1 / 16, 0.0033)
_PAUSE = (1 / 6, 0.0082)
"""Between two looks near the expected end, and in the rest of the window: in spreads, at least a share of the time.

If the time is known to a twentieth, half of the ends are so heard of within 0.3 % of it, nearly all within one.
"""

_FIRST_CHECK_MS = 10_000
_CHECK_FACTOR = 10
"""Times the job's age: a job may fail long before its usual end, or be cancelled."""


def next_poll_ms(job: Job, now: int, *, progress: bool = False) -> int:
    """Return the milliseconds until an unsettled job should be read again.

    `progress` is for those who follow it.
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


def watched_poll_ms(seen: Job, now: int, first: Job, *, progress: bool) -> int | None:
    """Return the pause until a held request's next read; None if it is to be answered now.

    A caller that follows progress gets every change since `first`.
    """
    pause = next_poll_ms(seen, now, progress=progress)
    is_news = progress and seen.progress != first.progress
    return pause if is_held_for(pause, progress=progress) and not is_news else None


def held_poll_ms(job: Job, now: int) -> int:
    """Return the milliseconds until a held request reads the job again."""
    return min(next_poll_ms(job, now), _LONGEST_HELD_POLL_MS)


def poll_interval_ms(job: Job, now: int, *, held: bool = False, progress: bool = False) -> int:
    """Return the poll interval of an unsettled job in milliseconds: a second or more, or 0."""
    pause = next_poll_ms(job, now, progress=progress)
    if held:
        return 0 if is_held_for(pause, progress=progress) else pause
    return max(pause, 1000)


def is_held_for(pause: int, *, progress: bool) -> bool:
    """Return whether a held request waits that many milliseconds."""
    return pause <= (FOLLOW_BELOW_MS if progress else HOLD_BELOW_MS)


def poll_interval_headers(job: Job, now: int, *, held: bool = False, progress: bool = False) -> dict[str, str]:
    """Return the headers with the poll interval.

    `Retry-After` is in whole seconds, as every client knows it, and never too early; `Retry-After-Ms` is
    exact.
    """
    pause = 0 if job.is_terminal else poll_interval_ms(job, now, held=held, progress=progress)
    return {"Retry-After": str(-(-pause // 1000)), "Retry-After-Ms": str(pause)}


def _phase_began_at(job: Job) -> int:
    if job.state is State.RUNNING:
        return job.started_at or job.created_at
    return max(job.created_at, job.not_before or 0)


def _foreseen_ms(over: int, spread: int, age: int) -> int:
    """Return the pause until just before the usual end, then short ones; `over` is negative before it."""
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
