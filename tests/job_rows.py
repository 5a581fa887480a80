"""Jobs as in their rows, for tests to begin with."""

from typing import Any

from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job, State


def pending(created_at: int, **values: Any) -> Job:
    """Return a job submitted at that time, in milliseconds, with these values changed."""
    job: dict[str, Any] = {
        "id": "job_a",
        "org": "acme",
        "flow": "demo/echo",
        "attempt": 0,
        "max_attempts": 3,
        "digest": b"",
        "keep_seconds": 3600,
        "start_by": created_at + START_WITHIN_MS,
    }
    return Job(**{**job, "state": State.PENDING, "created_at": created_at, **values})
