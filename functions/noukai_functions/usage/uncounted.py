"""The bucket with the batches of usage that Lambda has discarded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class UncountedBatches:
    """The discarded batches, which an operator counts."""

    client: "S3Client"
    bucket: str

    def count(self) -> int:
        """Return the number of batches, at most 1,000."""
        return self.client.list_objects_v2(Bucket=self.bucket)["KeyCount"]
