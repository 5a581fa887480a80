"""The first job of a deployment: the lines that submit one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from noukai_infra.bundle.catalog import inputs_in
from noukai_infra.folders import REPOSITORY, SOURCES
from noukai_wire.schema_reader import example_of_arguments
from noukai_wire.submit_command import submit_command


@dataclass(frozen=True)
class FirstJob:
    """An example job of a deployed flow."""

    flow: str
    arguments: Mapping[str, Any]

    @classmethod
    def of(cls, assembly: Path, stack: str) -> Self | None:
        """Return an example job of the first flow of an assembly; None if it has no flows."""
        for catalog in _catalogs(assembly, stack):
            for flow, schema in inputs_in(catalog).items():
                return cls(flow, example_of_arguments(schema))
        return None

    def lines(self, org: str, base_url: str, key: str) -> Iterator[str]:
        """Yield the lines for a shell: they name the deployment and its key, and submit the job."""
        yield f"export NOUKAI_BASE_URL={base_url}"
        yield f"export NOUKAI_API_KEY={key}"
        program = "noukai" if REPOSITORY != SOURCES else ".venv/bin/noukai"
        yield submit_command(f"{org}/{self.flow}", self.arguments, program)


def _catalogs(assembly: Path, stack: str) -> Iterator[Path]:
    files = json.loads((assembly / f"{stack}.assets.json").read_text())["files"].values()
    for each in files:
        catalog = assembly / each["source"]["path"] / "catalog"
        if catalog.is_dir():
            yield catalog
