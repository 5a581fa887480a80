"""The contents of jobs beside their rows: saved inputs, uploaded ones, and results that are objects."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_functions.jobs.lifecycle import Job, Payload, State
from noukai_functions.jobs.objects import input_key, input_reference, result_key
from noukai_functions.jobs.queues.queue import InvalidMessageError, LaterMessageError, Message
from noukai_functions.jobs.saved_inputs import SavedInputs
from noukai_infra.transfer.line import Content, is_input
from noukai_wire.limits import MAX_ROW_RESULT_BYTES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Contents:
    """The contents of a stack's jobs, in its jobs table and its bucket of payloads."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"
    table: str
    bucket: str

    def of(self, job: Job) -> Content:
        """Read the content of a job; what is lost is absent."""
        output = job.result
        if output is None and job.result_object is not None:
            output = self._read(job.result_object.key)
        message = self._message(job)
        uploaded = None
        if message is not None and message.input is not None:
            uploaded = self._uploaded(input_key(job.org, message.input))
            message = message if uploaded is not None else None
        return Content(job, output, message, uploaded)

    def put_output(self, job: Job, output: str) -> dict[str, object]:
        """Return the fields of a row with an output; first store one that is too large for a row."""
        content = output.encode()
        if len(content) <= MAX_ROW_RESULT_BYTES:
            return {"result": output}
        key = result_key(
            org=job.org,
            job_id=job.id,
            created_at=job.created_at,
            attempt=job.attempt,
            keep_seconds=job.keep_seconds,
        )
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)
        return {"result_object": Payload(key, len(content), hashlib.sha256(content).hexdigest())}

    def put_input(self, job: Job, uploaded: str) -> str:
        """Store an uploaded input; return the reference to it."""
        content = uploaded.encode()
        digest = hashlib.sha256(content).hexdigest()
        reference = input_reference(digest, keep_seconds=job.keep_seconds, wait_ms=0)
        self.s3.put_object(Bucket=self.bucket, Key=input_key(job.org, reference), Body=content)
        return reference

    def _message(self, job: Job) -> Message | None:
        if job.state not in (State.FAILED, State.CANCELLED):
            return None  # the input of other jobs is in a queue, or was forgotten with their end
        try:
            return SavedInputs(self.dynamodb, self.table).read(job)
        except (InvalidMessageError, LaterMessageError):
            return None

    def _uploaded(self, key: str) -> str | None:
        """Return an uploaded input; None if it is gone, or if no job could have it.

        Otherwise one caller's upload would keep its job out of the export, or refuse the whole import.
        """
        try:
            text = self._read(key)
        except UnicodeDecodeError:
            return None
        return text if text is not None and is_input(text) else None

    def _read(self, key: str) -> str | None:
        """Return an object's text; None if it is gone."""
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"]
        except self.s3.exceptions.NoSuchKey:
            return None
        return body.read().decode()
