"""The report of a deployment's health."""

from noukai_wire.models import WireModel


class WorkerHealth(WireModel):
    """The messages in the queues of a worker kind, and its jobs that ended within the last hour.

    `running` messages are in flight. `oldest_seconds`, `jobs` and `failures` come from CloudWatch, and are
    absent while it has no values.
    """

    worker_kind: str
    waiting: int
    running: int
    delayed: int
    oldest_seconds: int | None = None
    jobs: int | None = None
    failures: int | None = None


class HealthReport(WireModel):
    """The health of a deployment: of each worker kind, and of the dead letters of all of them.

    `dead_letters` are still being settled; `unprocessed` ones could not be, and wait for the operator.
    """

    checked_at: str
    workers: list[WorkerHealth]
    dead_letters: int
    unprocessed: int
