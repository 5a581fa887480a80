"""Two stacks on moto: the functions of one, and the tables and the bucket of another."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import boto3
import pytest

from noukai_infra.transfer.contents import Contents
from noukai_infra.transfer.export import Export, ReadRate, Selection
from noukai_infra.transfer.restoring import Fate, Import
from tests.functions.conftest import asset, system
from tests.functions.harness import System
from tests.functions.stand_ins.tables import create_jobs_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

__all__ = ["asset", "system"]

OTHER = {"JOBS_TABLE": "other-jobs", "PAYLOADS_BUCKET": "other-payloads"}


@dataclass
class Stacks:
    """A stack with its functions, and another one into which jobs are imported."""

    first: System
    other: System
    dynamodb: "DynamoDBClient"
    s3: "S3Client"

    def export(self, selection: Selection | None = None, rate: float = 1e9) -> Export:
        """Return an export of the first stack."""
        return Export(
            self.dynamodb,
            "jobs",
            Contents(self.dynamodb, self.s3, "jobs", "payloads"),
            selection or Selection(),
            ReadRate(rate),
            self.first.clock.time,
        )

    def lines(self, selection: Selection | None = None) -> dict[str, bytes]:
        """Return the line of each job of the first stack, by its id."""
        found: dict[str, bytes] = {}
        for page in self.export(selection).pages(None):
            found |= dict(page.lines)
        return found

    def importing(self) -> Import:
        """Return an import into the other stack."""
        table, bucket = OTHER["JOBS_TABLE"], OTHER["PAYLOADS_BUCKET"]
        contents = Contents(self.dynamodb, self.s3, table, bucket)
        return Import(self.dynamodb, table, contents, 4, self.first.clock.time)

    def put(self, *lines: bytes) -> dict[Fate, int]:
        """Import lines into the other stack."""
        counts: dict[Fate, int] = {}
        for _, fates in self.importing().run(lines):
            counts = {fate: counts.get(fate, 0) + fates[fate] for fate in {*counts, *fates}}
        return counts


@pytest.fixture
def stacks(system: System) -> Iterator[Stacks]:
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    create_jobs_table(dynamodb, OTHER["JOBS_TABLE"])
    for bucket in ("payloads", OTHER["PAYLOADS_BUCKET"]):
        s3.create_bucket(Bucket=bucket)
    environment = {**system.deployment.environment, **OTHER}
    deployment = replace(system.deployment, environment=environment)
    yield Stacks(system, replace(system, deployment=deployment), dynamodb, s3)
    deployment.processes.close()
