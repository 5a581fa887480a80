"""A CDK command that deploys nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from noukai_infra.operations.deployment.cdk import Cdk


@dataclass(frozen=True)
class RecordingCdk(Cdk):
    """A command that says what it was asked to do, and makes nothing but an assembly without assets."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *arguments: str, assembly: Path | None = None) -> int:
        if arguments[0] == "synth":
            folder = Path(arguments[arguments.index("--output") + 1])
            template = {"Resources": self.resources, "Metadata": self.metadata}
            (folder / "noukai.template.json").write_text(json.dumps(template))
            (folder / "noukai.assets.json").write_text('{"files": {}}')
        else:
            assert assembly is None or assembly.exists()
        self.asked.append(arguments)
        return 0
