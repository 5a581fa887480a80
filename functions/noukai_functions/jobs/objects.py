"""The inputs and results that are too large for a request, a message or a row: objects in a bucket.

A key begins with its retention class, by which the bucket's lifecycle rules delete the object. The key of an
input holds the caller's org and the content's hash: repeating an upload changes nothing, and no org can name
another's input.
"""

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError, as_aws_error
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Payload
from noukai_wire import limits

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

LINK_SECONDS = 15 * 60
"""The lifetime of a presigned URL. A transfer that has begun by then continues."""

_DAY_MS = 24 * 60 * 60 * 1000
_CHUNK_BYTES = 1 << 20

_GONE = frozenset({"404", "NoSuchKey", "403", "AccessDenied"})
"""S3 answers 403 for a missing object if the caller may not list the bucket, as no function may."""


class PayloadLostError(Exception):
    """An error for a missing or altered object."""


@dataclass(frozen=True, slots=True)
class JobObjects:
    """The objects of jobs, in one bucket. Each method except `link` and `upload_target` makes one request."""

    client: "S3Client"
    bucket: str

    def upload_target(self, key: str, size: int) -> tuple[str, dict[str, str]]:
        """Return a presigned URL to put an object, and the headers that fix its size and content."""
        checksum = base64.b64encode(bytes.fromhex(key.rpartition("/")[2])).decode()
        stated: dict[str, Any] = {"Key": key, "ContentLength": size, "ChecksumSHA256": checksum}
        url = self.client.generate_presigned_url(
            "put_object", {"Bucket": self.bucket, **stated}, LINK_SECONDS
        )
        return url, {"Content-Length": str(size), "x-amz-checksum-sha256": checksum}

    def link(self, key: str) -> str:
        """Return a presigned URL to get an object."""
        return self.client.generate_presigned_url(
            "get_object", {"Bucket": self.bucket, "Key": key}, LINK_SECONDS
        )

    def put(self, key: str, content: bytes) -> Payload:
        """Put an object; idempotent for the same content."""
        digest = hashlib.sha256(content)
        # Sent as a file: for bytes, the write timeout would apply to the whole body instead of each chunk.
        self.client.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=io.BytesIO(content),
            ContentLength=len(content),
            ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
        )
        return Payload(key, len(content), digest.hexdigest())

    def look_for(self, key: str) -> int:
        """Return the time until which the object is kept at least, in milliseconds since the epoch.

        Raises `PayloadLostError` if it is missing.
        """
        return int(self._head(key)["LastModified"].timestamp()) * 1000 + _days_of(key) * _DAY_MS

    def size_of(self, key: str) -> int:
        """Return the object's size in bytes; raise `PayloadLostError` if it is missing."""
        return self._head(key)["ContentLength"]

    def uploaded_until(self, org: str, reference: str) -> int | None:
        """Return the time until which an org's uploaded input is kept at least; None if it is missing."""
        try:
            return self.look_for(input_key(org, reference))
        except PayloadLostError:
            return None

    def _head(self, key: str) -> "HeadObjectOutputTypeDef":
        try:
            return self.client.head_object(Bucket=self.bucket, Key=key)
        except AwsError as error:
            raise _lost(error) from error

    def read(self, key: str, sha256: str | None) -> bytes:
        """Return an object's content; raise `PayloadLostError` if it is missing or altered.

        A log that grows has no known SHA-256.
        """
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except AwsError as error:
            raise _lost(error) from error
        content, digest = bytearray(), hashlib.sha256()
        for chunk in _chunks(body):
            content += chunk
            digest.update(chunk)
            if len(content) > limits.MAX_PAYLOAD_BYTES:
                break
        if sha256 is not None and digest.hexdigest() != sha256:
            raise PayloadLostError("its content was changed")
        return bytes(content)


def input_key(org: str, reference: str) -> str:
    """Return the key of an uploaded input, from the org and the reference in a submission."""
    kept, _, sha256 = reference.partition("/")
    return f"{kept}/{org}/{sha256}"


def input_reference(sha256: str, *, keep_seconds: int, wait_ms: int) -> str:
    """Return the reference to an uploaded input for a submission that may start after a wait."""
    return f"{_kept_for(wait_ms + input_ms(keep_seconds))}/{sha256}"


def input_ms(keep_seconds: int) -> int:
    """Return how long to keep an input after its job could start, so that the job can be retried."""
    return START_WITHIN_MS + keep_seconds * 1000 + START_WITHIN_MS


def result_key(*, org: str, job_id: str, created_at: int, attempt: int, keep_seconds: int) -> str:
    """Return the key of an attempt's result, which names the attempt: a lost attempt overwrites nothing."""
    return f"{_kept_for(keep_seconds * 1000)}/{org}/{job_id}/{created_at}-{attempt}"


def log_prefix(*, org: str, job_id: str, created_at: int, attempt: int, keep_ms: int) -> str:
    """Return the prefix of the keys of an attempt's log, which a segment's number completes."""
    return f"{_kept_for(keep_ms)}/{org}/{job_id}/{created_at}-{attempt}-log-"


def _lost(error: AwsError) -> Exception:
    return PayloadLostError("it is gone") if error.code in _GONE else error


def _kept_for(milliseconds: int) -> str:
    """Choose the shortest retention class, with a day's margin."""
    needed = milliseconds + _DAY_MS
    days = next((days for days in limits.KEPT_DAYS if days * _DAY_MS >= needed), limits.KEPT_DAYS[-1])
    return f"keep-{days}d"


def _days_of(key: str) -> int:
    return int(key.partition("/")[0].removeprefix("keep-").removesuffix("d"))


def _chunks(body: Any) -> Iterator[bytes]:
    with as_aws_error("get_object"):
        yield from body.iter_chunks(_CHUNK_BYTES)
