"""The builder of the functions' assets."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from noukai_infra.bundle.bytecode import compile_folder
from noukai_infra.bundle.catalog import (
    build_catalog,
    fingerprints_of,
    flows_in,
    kinds_in,
    needs_engine,
    version_of,
)
from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.files_beside_flows import files_beside
from noukai_infra.bundle.hard_links import link_tree
from noukai_infra.bundle.image import (
    LIBRARIES,
    MAX_UNZIPPED_BYTES,
    REQUIREMENTS,
    RUNTIME,
    TASK,
    size_of,
    write_dockerfile,
)
from noukai_infra.bundle.libraries.authorities import write_amazons
from noukai_infra.bundle.libraries.dependencies import CACHE, Dependencies
from noukai_infra.bundle.libraries.requirements import Requirements
from noukai_infra.bundle.own_modules import copy_for_build, own_modules
from noukai_infra.bundle.target import AssetName, Platform
from noukai_infra.console.files import write_console
from noukai_infra.folders import REPOSITORY, SETTINGS_FILE
from noukai_infra.settings import WorkerKind

_ZONES = "zones"
_GROUPS: dict[AssetName, tuple[str, ...]] = {
    "api": ("aws", "functions", _ZONES),
    "worker": ("functions", "worker"),
    "identity": ("identity",),
}
_ENGINE = "engine"
"""The extra content of the API's asset if validating a flow's input needs pydantic's engine. Workers always
have it."""

_OWN = "own"
"""The folder of the worker's own libraries, hidden from its flows, which may have another botocore."""


IMAGE_FILE = "image"
"""The file in a worker's asset that names the image whose libraries it has."""

_NOT_FLOWS = shutil.ignore_patterns("__pycache__", ".*")
_PACKAGE = '''"""The package of the flows, also in a process that Python starts for a part of a flow."""

from pathlib import Path

from noukai_functions.worker.inside.flow_loader import open_folder

open_folder(Path(__file__).resolve().parent)
'''
_METADATA = shutil.ignore_patterns("*.dist-info")


@dataclass(frozen=True)
class Bundler:
    """A builder of assets for a platform.

    `scratch` is an empty folder that exists as long as the builder. `worker` is the default worker kind: a
    flow that needs more time gets another worker kind. `workers` are those that flows may name. `former` are
    flows that were deployed before. `console` puts the web console into the API's asset.

    The asset `api` has the functions, the wire models, their libraries and the flow catalog, and pydantic's
    engine if a flow's input needs it; `worker` also has pydantic, the flows and their requirements;
    `identity` is the authorizer's. `cache` keeps installed libraries between runs.
    """

    flows: Path
    platform: Platform
    worker: WorkerKind
    scratch: Path
    cache: Path = CACHE
    former: tuple[str, ...] = ()
    workers: Mapping[str, WorkerKind] = field(default_factory=dict)
    console: bool = True

    def write(self, asset: AssetName, output: Path, image: Path | None = None) -> None:
        """Write an asset into the folder `output`, reproducibly, with the libraries of an image.

        Raises:
            BundleError: the flows or their requirements are invalid.
        """
        if asset == "identity":
            self._write_code(asset, output)
            return
        self._write_task(asset, output)
        self._write_libraries(asset, output, image)
        if image is not None:
            (output / IMAGE_FILE).write_text(image.as_posix())

    def write_image(self, image: Path | None, base: str | None, output: Path) -> None:
        """Write the build context of a container image, like `write`; `image` is its folder, if any."""
        self._write_task("worker", output / TASK)
        (output / LIBRARIES).mkdir(parents=True)
        self._write_libraries("worker", output / LIBRARIES, image)
        dependencies = Dependencies(self.platform, self.cache)
        for folder in (dependencies.of_group("image"), dependencies.of_runtime()):
            link_tree(folder, output / RUNTIME)
        write_dockerfile(output, None if image is None else _folder_of(image), base)

    def exceeds_zip(self) -> bool:
        """Return whether the default worker's asset is too large for a ZIP file; raise like `write`."""
        dependencies = Dependencies(self.platform, self.cache)
        if not (required := self._required(dependencies)):
            return False
        folders = [*required, *self._own("worker", dependencies), self.flows]
        return sum(map(size_of, folders)) > MAX_UNZIPPED_BYTES

    def _write_code(self, asset: AssetName, output: Path) -> None:
        """Write an asset that knows no flows."""
        link_tree(own_modules(asset, self.cache), output)
        for group in _GROUPS[asset]:
            folder = Dependencies(self.platform, self.cache).of_group(group)
            link_tree(folder, output, ignore=_METADATA)

    def _write_task(self, asset: AssetName, output: Path) -> None:
        written = Path(mkdtemp(dir=self.scratch))
        shutil.copytree(self._catalog(), written / "catalog")
        if asset == "worker":
            self._write_flows(written / "flows")
        elif self.console:
            write_console(written / "console")
        compile_folder(written)
        link_tree(written, output)
        link_tree(own_modules(asset, self.cache), output)
        dependencies = Dependencies(self.platform, self.cache)
        write_amazons(dependencies.of_group("aws") / "botocore" / "cacert.pem", output / "authorities.pem")

    def _write_libraries(self, asset: AssetName, output: Path, image: Path | None) -> None:
        dependencies = Dependencies(self.platform, self.cache)
        if asset == "worker":
            # The flows' requirements come first because they are complete, whereas our own libraries are
            # pruned.
            for folder in self._required(dependencies, image):
                link_tree(folder, output)
            # Shared libraries have the same version in both.
            shared = [path.name for folder in self._own(asset, dependencies) for path in folder.iterdir()]
            link_tree(
                dependencies.of_group("aws"), output / _OWN, shutil.ignore_patterns("*.dist-info", *shared)
            )
        for folder in self._own(asset, dependencies):
            link_tree(folder, output, ignore=_METADATA)

    def kinds(self) -> list[str]:
        """Return the names of the flows' worker kinds, in order.

        Raises:
            BundleError: the flows or their requirements are invalid.
        """
        return kinds_in(self._catalog())

    def flow_names(self) -> tuple[list[str], list[str]]:
        """Return the deployed and the former flows; raise like `kinds`."""
        return flows_in(self._catalog())

    def fingerprints(self) -> dict[str, str]:
        """Return a fingerprint of each flow's input and worker kind; raise like `kinds`."""
        return fingerprints_of(self._catalog())

    def version(self) -> str:
        """Return the version of the flows; raise like `kinds`."""
        return version_of(self._catalog())

    def _catalog(self) -> Path:
        catalog = self.scratch / "catalog"
        if not catalog.exists():
            if not self.flows.is_dir():
                raise BundleError(
                    f"The flows folder {self.flows} does not exist: set `flows` in {SETTINGS_FILE.name}."
                )
            dependencies = Dependencies("host", self.cache)
            code = self.scratch / "code"
            copy_for_build(code)
            # The same order as in a flow process.
            libraries = [
                *self._required(dependencies, *self._images),
                *self._own("worker", dependencies),
                dependencies.of_group(_ZONES),
                dependencies.of_runtime(),
            ]
            build_catalog(
                self.flows,
                [*libraries, code],
                catalog,
                worker=self.worker,
                workers=self.workers,
                former=self.former,
            )
            requirements = self._requirements
            for said in files_beside(self.flows, requirements.files if requirements else ()):
                sys.stderr.write(f"{said}\n")
        return catalog

    def _write_flows(self, folder: Path) -> None:
        shutil.copytree(self.flows, folder, ignore=_NOT_FLOWS)
        if self._requirements is not None:
            for file in self._requirements.files:
                if file.is_relative_to(self.flows.resolve()):
                    (folder / file.relative_to(self.flows.resolve())).unlink(missing_ok=True)
        (folder / "__init__.py").write_text(_PACKAGE)

    def _own(self, asset: AssetName, dependencies: Dependencies) -> list[Path]:
        checks_text = asset == "api" and needs_engine(self._catalog())
        groups = (*_GROUPS[asset], _ENGINE) if checks_text else _GROUPS[asset]
        return [dependencies.of_group(group) for group in groups]

    @property
    def _requirements(self) -> Requirements | None:
        file = self.flows / "requirements.txt"
        return Requirements.read(file) if file.exists() else None

    @property
    def _images(self) -> list[Path]:
        """Return the images' folders of all worker kinds."""
        kinds = (self.worker, *self.workers.values())
        return [*dict.fromkeys(kind.image for kind in kinds if kind.image is not None)]

    def _required(self, dependencies: Dependencies, *images: Path | None) -> list[Path]:
        """Return the folders of the flows' libraries, and of those that images have beside them."""
        own = self._own("worker", dependencies)
        requirements = self._requirements
        required = [] if requirements is None else [dependencies.of_flows(requirements, own)]
        further = [_folder_of(image) / REQUIREMENTS for image in images if image is not None]
        found = [Requirements.read(file) for file in further if file.exists()]
        return [*required, *(dependencies.of_flows(each, [*own, *required]) for each in found)]


def _folder_of(image: Path) -> Path:
    folder = REPOSITORY / image
    if not folder.is_dir():
        raise BundleError(
            f"The folder {image} of an image does not exist: make it, with a {REQUIREMENTS} or a Dockerfile, "
            f"or change `image` in {SETTINGS_FILE.name}."
        )
    return folder
