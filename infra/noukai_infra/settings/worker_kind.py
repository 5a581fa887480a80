"""The settings of a worker kind."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from noukai_infra.settings.checks import A_NUMBER, STRICT, folder
from noukai_infra.settings.workers.layers import layer_arn
from noukai_infra.settings.workers.network import Network
from noukai_infra.settings.workers.warmth import Warm
from noukai_wire.limits import WORKER_MARGIN_SECONDS

_MOST_STORAGE = 512
"""The storage in MB that a function with SnapStart may have."""


@dataclass(frozen=True, config=STRICT)
class ProvisionedPollers:
    """The pollers of a queue that are kept ready, each of which invokes ten workers at once at most."""

    minimum: Annotated[int, A_NUMBER, Field(ge=2, le=200)] = 2
    maximum: Annotated[int, A_NUMBER, Field(ge=2, le=2000)] = 200

    def __post_init__(self) -> None:
        """Refuse a minimum above the maximum."""
        if self.minimum > self.maximum:
            most = self.maximum
            raise ValueError(f"have a minimum of at most its maximum, {most}, instead of {self.minimum}")


@dataclass(frozen=True, config=STRICT)
class WorkerKind:
    """A worker kind: memory and storage in MB, times in seconds."""

    memory: Annotated[int, A_NUMBER, Field(ge=128, le=10_240)] = 1024
    timeout: Annotated[int, A_NUMBER, Field(ge=30, le=900)] = 900
    batch_size: Annotated[int, A_NUMBER, Field(ge=1, le=10)] = 1
    batch_window: Annotated[int, A_NUMBER, Field(ge=0, le=300)] = 0
    max_concurrency: Annotated[int, A_NUMBER, Field(ge=2, le=1000)] = 5
    ephemeral_storage: Annotated[int, A_NUMBER, Field(ge=512, le=10_240)] = 512
    lease_seconds: Annotated[int, A_NUMBER, Field(ge=3, le=60)] = 60
    grace_seconds: Annotated[int, A_NUMBER, Field(ge=0, le=60)] = 10
    import_seconds: Annotated[int, A_NUMBER, Field(ge=1, le=600)] = 60
    """The time limit for importing a flow's module; the timeout of a job starts after the import."""
    warm: Warm | None = None
    """The environments that are kept ready; not those of kinds that flows ask for, which state none."""
    snap_start: bool = False
    """Whether environments are restored from a snapshot that Lambda takes after INIT; like `warm`."""
    image: Annotated[Path, BeforeValidator(folder)] | None = None
    """The folder, relative to the repository, of the container image that it runs in: see IMAGES.md."""
    layers: Annotated[tuple[Annotated[str, AfterValidator(layer_arn)], ...], Field(max_length=5)] = ()
    """The ARNs of layers with libraries or extensions."""
    network: Network | None = None
    """The subnets and security groups of a VPC, if it runs in one."""

    def __post_init__(self) -> None:
        """Refuse layers of an image, and what AWS does not combine with a snapshot.

        Raises:
            ValueError: it has both.
        """
        if self.snap_start and (other := self._other_than_snapshot):
            raise ValueError(f"have `snap_start` or {other}: AWS does not combine them")
        if self.image is not None and self.layers:
            raise ValueError("have an image or layers, not both: install what the layers have in the image")

    queues: Annotated[int, A_NUMBER, Field(ge=1, le=10)] = 1
    """The number of queues over which jobs are spread; each has its own pollers, up to `max_concurrency`."""
    provisioned_pollers: ProvisionedPollers | None = None
    """Pollers that are kept ready, for a rate that grows in seconds; `max_concurrency` then has no effect."""

    @property
    def _other_than_snapshot(self) -> str | None:
        """Return the setting that excludes SnapStart.

        https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes
        """
        if self.warm is not None:
            return "`warm`"
        if self.image is not None:
            return "`image`"
        return "more than 512 MB of `ephemeral_storage`" if self.ephemeral_storage > _MOST_STORAGE else None

    @property
    def flow_seconds(self) -> int:
        """Return a flow's time limit: the timeout without the grace and the time to start and settle."""
        return max(0, self.timeout - self.grace_seconds - WORKER_MARGIN_SECONDS)
