"""The settings for many jobs a second, which `noukai plan` derives. By default none is needed."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from noukai_functions.names import INDEX_PARTITIONS
from noukai_infra.settings.checks import A_NUMBER, STRICT


@dataclass(frozen=True, config=STRICT)
class Scale:
    """The settings of a large deployment.

    Throughputs are in units a second, and are what DynamoDB must be ready for at once: it never lowers
    them again, and raising them is paid for once. `index_partitions` is the number of partitions of each
    flow's list, each of which takes a thousand new jobs a second. When it is lowered, the operator sets
    `former_index_partitions` to the former number, as long as older jobs are kept. `stream_shards` is how
    many shards the jobs table's stream has, one for each thousand of `table_writes`; with more processes
    than it says, budgets are overrun. `sweep_segments` are the parts of the jobs table that are swept at
    once.
    """

    index_partitions: Annotated[int, A_NUMBER, Field(ge=INDEX_PARTITIONS, le=100)] = INDEX_PARTITIONS
    former_index_partitions: Annotated[int, A_NUMBER, Field(ge=INDEX_PARTITIONS, le=100)] = INDEX_PARTITIONS
    table_reads: Annotated[int, A_NUMBER, Field(ge=12_000)] | None = None
    table_writes: Annotated[int, A_NUMBER, Field(ge=4_000)] | None = None
    index_writes: Annotated[int, A_NUMBER, Field(ge=4_000)] | None = None
    metering_memory: Annotated[int, A_NUMBER, Field(ge=128, le=10_240)] | None = None
    metering_batch: Annotated[int, A_NUMBER, Field(ge=1_000, le=10_000)] = 1_000
    stream_shards: Annotated[int, A_NUMBER, Field(ge=8, le=1_000)] = 8
    sweep_segments: Annotated[int, A_NUMBER, Field(ge=1, le=5)] = 1

    @property
    def listed_partitions(self) -> int:
        """Return how many partitions of a flow's list may hold jobs."""
        return max(self.index_partitions, self.former_index_partitions)
