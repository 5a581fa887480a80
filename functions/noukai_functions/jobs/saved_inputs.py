"""The inputs of jobs that did not complete, stored for a retry.

A job's input travels in its message. It is stored only when a job ends without completing, so that completed
jobs cost no extra write.
"""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.row import SAVED_INPUT
from noukai_functions.names import EXPIRES_AT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class SavedInputs:
    """The messages of ended jobs, in the jobs table under the job's id and a suffix."""

    client: "DynamoDBClient"
    table_name: str

    def keep(self, message: Message, job: Job, now: int) -> None:
        """Store a job's message for as long as the job is kept; idempotent."""
        # A row holds 400 KB. Uncompressed, a message may be four times as large as the submission's body: it
        # is ASCII, and writes `1e15` in full. Compressed, it is no larger than the largest body.
        item = {
            **self._key(job.id),
            SAVED_INPUT: {"B": zlib.compress(message.body.encode())},
            EXPIRES_AT: {"N": str(now // 1000 + job.keep_seconds)},
        }
        self.client.put_item(TableName=self.table_name, Item=item)

    def read(self, job: Job) -> Message | None:
        """Return a job's message, if it was stored."""
        # Consistent: a caller who has just read that the job failed must find its input.
        answer: Mapping[str, Any] = self.client.get_item(
            TableName=self.table_name, Key=self._key(job.id), ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        message = Message.parse(zlib.decompress(answer["Item"][SAVED_INPUT]["B"]).decode())
        # The id may have been reused by another job.
        return message if message.created_at == job.created_at else None

    def _key(self, job_id: str) -> dict[str, Any]:
        return {"id": {"S": f"{job_id}#input"}}
