"""The emulator's rows and queues, read past the API."""

from dataclasses import dataclass

from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.table import JobsTable
from noukai_infra.local.emulator.endpoint import Endpoint

_COUNT = "ApproximateNumberOfMessages"
"""The beginning of the names of three counts: visible, hidden and delayed messages."""


@dataclass(frozen=True)
class Stack:
    """The jobs table and the queues of the one stack of an emulator."""

    table: JobsTable
    endpoint: Endpoint
    queues: tuple[str, ...]

    @classmethod
    def at(cls, endpoint: Endpoint) -> "Stack":
        """Return the stack in the environment of the functions that use it."""
        functions = endpoint.client("lambda").list_functions()
        environment = {
            name: value
            for function in functions["Functions"]
            for name, value in function["Environment"]["Variables"].items()
        }
        table = JobsTable(endpoint.client("dynamodb"), environment["JOBS_TABLE"])
        return cls(table, endpoint, (environment["QUEUE_URL"], environment["DEAD_LETTER_QUEUE_URL"]))

    def job(self, job_id: str) -> Job | None:
        """Read a job's row."""
        return self.table.read(job_id, consistent=True)

    def messages(self) -> dict[str, int]:
        """Count the messages of each queue, hidden ones too."""
        sqs = self.endpoint.client("sqs")
        counts = {}
        for url in self.queues:
            held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            counts[url.rpartition("/")[2]] = sum(
                int(value) for name, value in held.items() if name.startswith(_COUNT)
            )
        return counts
