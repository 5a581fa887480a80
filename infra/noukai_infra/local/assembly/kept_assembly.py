"""The assembly rewritten with new assets, without the CDK.

Flows determine a template's worker kinds, the flows' names, the version and the hashes of the assets; the
names of the functions' versions depend on the last two. If the first two are unchanged, as after most changes
of a flow, the others are replaced in the files of the previous assembly.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

from noukai_infra.bundle.asset import IMAGE_FILE, Bundler
from noukai_infra.bundle.target import AssetName
from noukai_infra.settings import Settings
from noukai_infra.stack.base.aliases import flows_description

_PREFIX = "asset."
_TEMPLATE = ".template.json"
_HASH_DIGITS = 32


@dataclass(frozen=True)
class Shape:
    """A template without the flows' version and the assets' hashes, which change with every flow."""

    settings: Settings
    kinds: tuple[str, ...]
    all_kinds: tuple[str, ...]
    """The worker kinds that flows ask for, and the draining ones."""
    flows: tuple[str, ...]
    former: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, bundler: Bundler) -> Self:
        """Return the shape for a bundler's flows.

        Raises:
            BundleError: the flows or their requirements are invalid.
        """
        asked = bundler.kinds()
        flows, former = bundler.flow_names()
        own = replace(settings, draining=(), former=())
        return cls(own, (*asked,), (*sorted({*asked, *settings.draining}),), (*flows,), (*former,))


@dataclass(frozen=True)
class KeptAssembly:
    """The files of an assembly, as text, and the assets that they name."""

    shape: Shape
    version: str
    files: Mapping[str, str]
    hashes: Mapping[tuple[AssetName, Path | None], str]
    """Of each asset, with the image whose libraries it has."""

    @classmethod
    def read(cls, folder: Path, shape: Shape, version: str) -> Self:
        """Read the assembly in a folder."""
        files = {path.name: path.read_text() for path in folder.iterdir() if path.suffix == ".json"}
        hashes = {_asset_in(path): path.name.removeprefix(_PREFIX) for path in folder.glob(f"{_PREFIX}*")}
        return cls(shape, version, files, hashes)

    def write(self, folder: Path, bundler: Bundler) -> Self:
        """Write the assembly with a bundler's assets; raise like `Shape.of`."""

        def bundled(asset: tuple[AssetName, Path | None]) -> str:
            draft = Path(mkdtemp(dir=folder))
            name, image = asset
            bundler.write(name, draft, image)
            found = _hash_of(draft)
            draft.rename(folder / f"{_PREFIX}{found}")
            return found

        with ThreadPoolExecutor() as pool:
            hashes = dict(zip(self.hashes, pool.map(bundled, self.hashes), strict=True))
        version = bundler.version()
        new = {old: hashes[asset] for asset, old in self.hashes.items()}
        new[flows_description(self.version)] = flows_description(version)
        new.update((name, _renamed(name, [version, *hashes.values()])) for name in self._versions())
        files = {name: _exchanged(text, new) for name, text in self.files.items()}
        for name, text in files.items():
            (folder / name).write_text(text)
        return replace(self, version=version, files=files, hashes=hashes)

    def _versions(self) -> list[str]:
        """Return the names of the functions' versions in the template."""
        (template,) = (text for name, text in self.files.items() if name.endswith(_TEMPLATE))
        resources = json.loads(template)["Resources"]
        return [name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Version"]


def _renamed(name: str, parts: Iterable[str]) -> str:
    """Return the new name of a function's version: its resource's name and a hash, as in the CDK."""
    kept = name[:-_HASH_DIGITS]
    return kept + hashlib.sha256("\n".join([kept, *parts]).encode()).hexdigest()[:_HASH_DIGITS]


def _asset_in(folder: Path) -> tuple[AssetName, Path | None]:
    named = folder / IMAGE_FILE
    image = Path(named.read_text()) if named.exists() else None
    return ("worker", image) if (folder / "flows").is_dir() else ("api", None)


def _hash_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(
            f"{path.relative_to(folder)}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode()
        )
    return digest.hexdigest()


def _exchanged(text: str, new: Mapping[str, str]) -> str:
    for old, other in new.items():
        text = text.replace(old, other)
    return text
