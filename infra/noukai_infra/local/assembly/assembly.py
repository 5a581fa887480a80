"""The cloud assembly and its assets."""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION
from noukai_infra.operations.deploy.former_flows import FlowNames

_PLACEHOLDERS = {"${AWS::AccountId}": ACCOUNT, "${AWS::Region}": REGION, "${AWS::Partition}": "aws"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file or folder of the assembly, with the bucket and key in the template."""

    path: Path
    bucket: str
    key: str

    def content(self) -> bytes:
        """Return the file's content, or the folder as a zip file."""
        if not self.path.is_dir():
            return self.path.read_bytes()
        buffer = io.BytesIO()
        # Not compressed, because it is unpacked on this machine, for each process that starts.
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for path in sorted(self.path.rglob("*")):
                archive.write(path, path.relative_to(self.path))
        return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Assembly:
    """The stack of an assembly: its name, its template as JSON text, and its assets."""

    stack: str
    template: str
    assets: tuple[Asset, ...]

    @property
    def flows(self) -> tuple[str, ...]:
        """Return the deployed and the former flows, by `project/flow`."""
        names = FlowNames.of(json.loads(self.template))
        return (*names.live, *names.former)

    @classmethod
    def read(cls, folder: Path) -> "Assembly":
        """Read an assembly from its folder."""
        manifest = json.loads((folder / "manifest.json").read_text())
        by_type = {artifact["type"]: (name, artifact) for name, artifact in manifest["artifacts"].items()}
        stack, artifact = by_type["aws:cloudformation:stack"]
        _, published = by_type["cdk:asset-manifest"]
        template = folder / artifact["properties"]["templateFile"]
        return cls(
            stack=artifact["properties"].get("stackName", stack),
            template=template.read_text(),
            assets=tuple(_read_assets(folder, published["properties"]["file"], template)),
        )


def _read_assets(folder: Path, manifest: str, template: Path) -> list[Asset]:
    files: dict[str, dict[str, Any]] = json.loads((folder / manifest).read_text())["files"]
    sources = {name: folder / file["source"]["path"] for name, file in files.items()}
    return [
        Asset(sources[name], _filled_in(destination["bucketName"]), _filled_in(destination["objectKey"]))
        for name, file in files.items()
        if sources[name] != template  # published separately
        for destination in file["destinations"].values()
    ]


def _filled_in(text: str) -> str:
    for placeholder, value in _PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return text
