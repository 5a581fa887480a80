"""The assets: what each function finds in its folder."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infra.bundle.bytecode import compile_folder
from infra.bundle.catalog import build_catalog
from infra.bundle.dependencies import Dependencies
from infra.bundle.error import BundleError
from infra.bundle.target import Platform
from infra.bundle.tree import link_tree
from infra.settings import ROOT

AssetName = Literal["api", "worker"]

_NOT_DEPLOYED = shutil.ignore_patterns("__pycache__", "flows", "catalog_build.py", "*.pyi", "py.typed")
_NOT_FLOWS = shutil.ignore_patterns("__pycache__", ".*", "requirements.txt")


@dataclass(frozen=True)
class Bundler:
    """Writes assets for a platform; `scratch` is an empty folder that lives as long as the bundler.

    `api` has the functions, the wire, their libraries and the catalog of the flows; `worker` has also pydantic, the
    flows and what the flows require.
    """

    flows: Path
    platform: Platform
    scratch: Path

    def write(self, asset: AssetName, output: Path) -> None:
        """Fill the folder `output` with an asset: the same input gives the same bytes.

        Raises:
            BundleError: the flows or their requirements cannot be used; the message says why.
        """
        own = self.scratch / asset
        shutil.copytree(ROOT / "functions", own / "functions", ignore=_NOT_DEPLOYED)
        shutil.copytree(ROOT / "client" / "noukai_wire", own / "noukai_wire", ignore=_NOT_DEPLOYED)
        shutil.copytree(self._catalog(), own / "catalog")
        if asset == "worker":
            shutil.copytree(self.flows, own / "flows", ignore=_NOT_FLOWS)
        compile_folder(own)
        link_tree(own, output)
        link_tree(self._dependencies(asset).folder(), output)

    def _catalog(self) -> Path:
        catalog = self.scratch / "catalog"
        if not catalog.exists():
            if not self.flows.is_dir():
                raise BundleError(f"There is no folder of flows {self.flows}: set `flows` in cdk.json.")
            build_catalog(self.flows, self._dependencies("worker", "host").folder(), catalog)
        return catalog

    def _dependencies(self, asset: AssetName, platform: Platform | None = None) -> Dependencies:
        platform = platform or self.platform
        if asset == "api":
            return Dependencies(("functions",), platform)
        requirements = self.flows / "requirements.txt"
        return Dependencies(("functions", "worker"), platform, requirements if requirements.exists() else None)
