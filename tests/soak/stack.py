"""What the emulator holds, looked at past the API: rows and queues."""

from dataclasses import dataclass

import boto3

from functions.lifecycle import Job
from functions.store import JobStore
from infra.local.emulator import REGION, client_config

_COUNT = "ApproximateNumberOfMessages"
"""Begins the names of three counts: of the messages that are visible, hidden and delayed."""


@dataclass(frozen=True)
class Stack:
    """The jobs table and the queues of the one stack of an emulator."""

    store: JobStore
    session: boto3.Session
    endpoint: str
    queues: tuple[str, ...]

    @classmethod
    def at(cls, endpoint: str) -> "Stack":
        """Find them by the environment of the functions that use them."""
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        functions = session.client("lambda", endpoint_url=endpoint, config=client_config()).list_functions()
        environment = {
            name: value
            for function in functions["Functions"]
            for name, value in function["Environment"]["Variables"].items()
        }
        dynamodb = session.client("dynamodb", endpoint_url=endpoint, config=client_config())
        store = JobStore(dynamodb, environment["JOBS_TABLE"])
        return cls(store, session, endpoint, (environment["QUEUE_URL"], environment["DEAD_LETTER_QUEUE_URL"]))

    def job(self, job_id: str) -> Job | None:
        """Read a job's row."""
        return self.store.read(job_id, consistent=True)

    def messages(self) -> dict[str, int]:
        """Count the messages of each queue, hidden ones too."""
        sqs = self.session.client("sqs", endpoint_url=self.endpoint, config=client_config())
        counts = {}
        for url in self.queues:
            held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            counts[url.rpartition("/")[2]] = sum(int(value) for name, value in held.items() if name.startswith(_COUNT))
        return counts
