"""The verdict of a soak: its table, and every broken promise."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from noukai_functions.jobs.lifecycle import Job, State
from tests.soak.faults import Fault
from tests.soak.plan import Blow
from tests.soak.soak import Soak

_REFUSING = "refuse"
_SLOWEST = 3


def violations(soak: Soak) -> list[str]:
    """Return the broken promises, with their jobs."""
    found = [f"{queue}: {count} messages are left" for queue, count in soak.left.items() if count]
    found += [f"{name}: a temporary file is left" for name in soak.files]
    found += [f"{process}: a process is left" for process in soak.processes]
    if len(soak.ids) != len(soak.plan.flows):
        found.append(f"{len(soak.ids)} of {len(soak.plan.flows)} jobs were submitted")
    if soak.blows.total() != len(soak.plan.blows):
        found.append(f"{soak.blows.total()} of {len(soak.plan.blows)} kills and cancellations were made")
    for job_id, number in soak.ids.items():
        found += [
            f"{job_id} ({soak.plan.flows[number]}): {wrong}" for wrong in _wrong_with(soak, job_id, number)
        ]
    return found


def _wrong_with(soak: Soak, job_id: str, number: int) -> Iterator[str]:
    job = soak.at_last[job_id]
    if job is None or not job.is_terminal:
        yield f"has not ended: {job}"
        return
    first = soak.ended.get(job_id)
    if first is None or job not in (first, _stopped(first, job)):
        yield f"has changed after its end: {first} became {job}"
    written = soak.connection.settled[job_id]
    if written != (job.state is not State.CANCELLED):
        yield f"is {job.state} and an outcome was written {written} times"
    if wrong := _unexpected(job, number, soak):
        yield wrong


def _stopped(first: Job, last: Job) -> Job:
    """Return a cancelled job, and its code's running time, once its worker has reported the stop."""
    was_running = first.state is State.CANCELLED and first.stopped_at is None and last.stopped_at is not None
    if not was_running or (last.ran_ms or 0) < (first.ran_ms or 0):
        return first
    return replace(first, stopped_at=last.stopped_at, ran_ms=last.ran_ms)


def _unexpected(job: Job, number: int, soak: Soak) -> str | None:
    refuses = soak.plan.flows[number] == _REFUSING
    match job.state:
        case State.COMPLETED if not refuses and job.result == str(number):
            return None
        case State.FAILED if refuses and str(job.error).startswith("PermanentError"):
            return None
        case State.CANCELLED if job.id in soak.cancelled:
            return None
    return f"should not be {job.state}: {job.error or job.result}"


def table(soak: Soak) -> list[str]:
    """Return the rows of the report."""
    jobs = [job for job in soak.at_last.values() if job]
    states = Counter(job.state.value for job in jobs)
    attempts = Counter(job.attempt for job in jobs)
    slowest = sorted(jobs, key=_milliseconds, reverse=True)[:_SLOWEST]
    calls, faults = soak.connection.calls, soak.connection.faults
    rows = [
        ("seed", soak.plan.seed),
        ("jobs", len(soak.ids)),
        *((f"  {state}", count) for state, count in sorted(states.items())),
        *((f"  ended in attempt {attempt}", count) for attempt, count in sorted(attempts.items())),
        ("calls of the workers to AWS", calls),
        *((f"  {fault.value}", faults[fault]) for fault in Fault),
        ("  with a fault", f"{faults.total() / max(1, calls):.1%}"),
        *((blow.value, soak.blows[blow]) for blow in Blow),
        *((f"  {hit}", count) for hit, count in sorted(_hits(soak).items())),
        ("  too late: another was taken", soak.too_late),
        ("messages left", sum(soak.left.values())),
        ("wall time", f"{soak.seconds:.0f} s"),
        *(
            ("slowest", f"{_milliseconds(job) / 1000:.1f} s: {job.flow}, {job.state}, attempt {job.attempt}")
            for job in slowest
        ),
    ]
    return [f"{name:<34}{value}" for name, value in rows]


def _hits(soak: Soak) -> Counter[str]:
    """Return what the cancellations met: if a worker reports a stop, code was running."""
    return Counter(map(_hit, filter(None, map(soak.at_last.get, soak.cancelled))))


def _hit(job: Job) -> str:
    if job.stopped_at is not None:
        return "stopped code that ran"
    return "never ran" if job.attempt == 0 else "between attempts, or lost"


def _milliseconds(job: Job) -> int:
    return (job.completed_at or 0) - job.created_at
