"""The verdict: every broken promise, and a table."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import median

from tests.soak.reactions.soak import Soak, seconds

_LATEST_START = 60


def violations(soak: Soak) -> list[str]:
    """Return the broken promises."""
    return [*soak.receivers.wrong, *_of_schedules(soak), *_of_webhooks(soak), *_of_misbehaving(soak)]


def _of_schedules(soak: Soak) -> Iterator[str]:
    """Yield the instants that have not one job, and the jobs that began late or early."""
    found = Counter((job["metadata"]["schedule"], seconds(job["metadata"]["instant"])) for job in soak.jobs)
    for number in range(soak.schedules):
        for instant in soak.instants:
            count = found.pop((f"every-minute-{number}", float(instant)), 0)
            if count != 1:
                yield f"every-minute-{number} at {instant}: {count} jobs"
    # The instants of the time in which the schedules were made and paused may have one.
    yield from (f"{place}: {count} jobs" for place, count in found.items() if count > 1)
    for job in soak.jobs:
        late = seconds(job["startedAt"]) - seconds(job["metadata"]["instant"]) if "startedAt" in job else None
        if job["state"] != "completed" or late is None or not 0 <= late <= _LATEST_START:
            yield f"{job['id']}: {job['state']}, begun {late} s after its instant"


def _of_webhooks(soak: Soak) -> Iterator[str]:
    """Yield the ends of jobs that a receiver that behaves was not told of, or by two ids."""
    ids: dict[tuple[int, str], set[str]] = defaultdict(set)
    for number, events in soak.receivers.told.items():
        for event in events:
            ids[number, event.job_id].add(event.id)
    for job in soak.jobs:
        for number in soak.told_of(job):
            if number not in soak.receivers.behaviours and len(ids[number, job["id"]]) != 1:
                yield f"receiver {number}, {job['id']}: ids {ids[number, job['id']]}"


def _of_misbehaving(soak: Soak) -> Iterator[str]:
    """Yield the events that could not be told and are not kept."""
    for number, kept in soak.deliveries.items():
        known = {delivery["jobId"]: delivery for delivery in kept}
        for job in soak.jobs:
            if number not in soak.told_of(job):
                continue
            delivery = known.get(job["id"])
            if delivery is None or delivery["state"] == "delivered":
                yield f"receiver {number}, {job['id']}: {delivery}"


def table(soak: Soak) -> list[str]:
    """Return the figures, in lines."""
    starts = [
        seconds(job["startedAt"]) - seconds(job["metadata"]["instant"])
        for job in soak.jobs
        if "startedAt" in job
    ]
    told = [event for events in soak.receivers.told.values() for event in events]
    delays = [event.at - seconds(event.ended_at) for event in told]
    tries = {number: soak.receivers.tries[number] for number in soak.receivers.behaviours}
    return [
        f"jobs                          {len(soak.jobs)} of {soak.expected}",
        f"begun after their instant     {median(starts):.1f} s at the median, {max(starts):.1f} at most",
        f"events told                   {len(told)}",
        f"told after the job's end      {median(delays):.1f} s at the median, {max(delays):.1f} at most",
        f"tries at those that misbehave {tries}",
    ]
