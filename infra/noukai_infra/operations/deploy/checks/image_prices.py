"""The container images of an assembly, and what they cost in ECR."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from noukai_infra.bundle.image import size_of

USD_PER_GB = 0.10
"""For a month: https://aws.amazon.com/ecr/pricing/."""

_BYTES_IN_A_GB = 1024**3


@dataclass(frozen=True)
class ImagePrice:
    """The price of what a deploy puts into an image, in GB and USD a month.

    The size of the base and of what a `Dockerfile` installs is known only after the build.
    """

    gigabytes: float

    @property
    def usd(self) -> float:
        """Return the price."""
        return self.gigabytes * USD_PER_GB

    @property
    def says(self) -> str:
        """Return what it is for."""
        return f"{self.gigabytes:.2f} GB, and 0.10 per GB of its base and of what its Dockerfile installs"


def image_prices(assembly: Path, stack: str) -> Iterator[ImagePrice]:
    """Yield the price of each image of an assembly."""
    assets = assembly / f"{stack}.assets.json"
    images = json.loads(assets.read_text()).get("dockerImages", {}) if assets.exists() else {}
    for each in images.values():
        yield ImagePrice(size_of(assembly / each["source"]["directory"]) / _BYTES_IN_A_GB)
