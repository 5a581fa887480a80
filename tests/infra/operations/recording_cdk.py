"""A CDK command that deploys nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from noukai_infra.operations.deploy.cdk import Cdk


@dataclass(frozen=True)
class RecordingCdk(Cdk):
    """A command that records what it was asked; its assembly has at most the catalog of flows."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    flows: Mapping[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *arguments: str, assembly: Path | None = None) -> int:
        if arguments[0] == "synth":
            self._synthesize(arguments[1], Path(arguments[arguments.index("--output") + 1]))
        else:
            assert assembly is None or assembly.exists()
        self.asked.append(arguments)
        return 0

    def _synthesize(self, stack: str, folder: Path) -> None:
        template = {"Resources": self.resources, "Metadata": self.metadata}
        (folder / f"{stack}.template.json").write_text(json.dumps(template))
        files = {"api": {"source": {"path": "api", "packaging": "zip"}}} if self.flows else {}
        (folder / f"{stack}.assets.json").write_text(json.dumps({"files": files}))
        if self.flows:
            catalog = folder / "api" / "catalog"
            catalog.mkdir(parents=True)
            (catalog / "flows.json").write_text(json.dumps({"flows": self.flows}))
