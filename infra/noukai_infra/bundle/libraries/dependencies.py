"""The dependencies of an asset: installed, compiled and cached."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from noukai_infra.bundle.bytecode import compile_folder, drop_sources
from noukai_infra.bundle.cache import cached, digest
from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.client_wheel import CLIENT, wheel_of_client
from noukai_infra.bundle.libraries.pruning import prune_installation, prune_own
from noukai_infra.bundle.libraries.requirements import Local, Named, Requirements
from noukai_infra.bundle.libraries.wheel import wheel_of
from noukai_infra.bundle.target import PYTHON_VERSION, Platform, wheel_options
from noukai_infra.folders import PACKAGE, REPOSITORY

CACHE = REPOSITORY / ".build" / "dependencies"
_LOCKED = PACKAGE / "bundle" / "locked"
_UNREACHABLE = (
    "Behind a proxy, set HTTPS_PROXY; if it has its own authority, SSL_CERT_FILE to its certificates, or "
    "UV_NATIVE_TLS=1 if the system trusts it; for an index other than PyPI, UV_DEFAULT_INDEX."
)


@dataclass(frozen=True)
class Dependencies:
    """Read-only folders of libraries installed for a platform, each made once.

    Each method raises `BundleError` with the installer's message if the installation fails.
    """

    platform: Platform
    cache: Path = CACHE

    def of_group(self, group: str) -> Path:
        """Return a folder with a locked group of libraries, without sources and unused parts."""
        return self._locked(group, prune_own, drop_sources)

    def of_runtime(self) -> Path:
        """Return a folder with the libraries of Lambda's Python runtime: boto3, unpruned."""
        return self._locked("runtime", prune_installation)

    def of_flows(self, requirements: Requirements, own: Iterable[Path]) -> Path:
        """Return a folder with the flows' requirements, unpruned.

        Libraries that the folders `own` also have get the same version.
        """
        pins = sorted({f"{name}=={version}" for folder in own for name, version in _distributions(folder)})
        links = [_state(file) for folder in requirements.links for file in folder.iterdir()]
        files = {
            "requirements": self._asked(requirements),
            "constraints": [*map(str, requirements.constraints), *pins],
        }
        key = [*files["requirements"], "", *files["constraints"], "", *requirements.options, *sorted(links)]
        self.cache.mkdir(parents=True, exist_ok=True)
        options = list(requirements.options)
        for name, lines in files.items():
            path = self.cache / f"{digest(lines)}.txt"
            path.write_text("\n".join(lines), encoding="utf-8")
            options += [f"--{name}", str(path)]
        options += ["--refresh"] if links else []  # otherwise uv would reuse a wheel of the same name
        try:
            return self._installed(key, options, prune_installation)
        except BundleError as error:
            lines = [f"{line.file}:{line.number}: {line.text}" for line in requirements.about(str(error))]
            raise BundleError("\n".join([*lines, str(error)])) from error

    def _asked(self, requirements: Requirements) -> list[str]:
        """Return the requirements for the installer; local packages and our client become wheels."""
        return [self._as_asked(each) for each in requirements.required]

    def _as_asked(self, required: Named | Local) -> str:
        if isinstance(required, Named):
            return self._of_client(required) if required.name == CLIENT else str(required)
        try:
            wheel = wheel_of(required.path, self.platform, self.cache)
        except BundleError as error:
            raise required.line.refused(str(error)) from error
        return f"{wheel.name}{required.extras} @ {wheel.url} {required.marker}"

    def _of_client(self, required: Named) -> str:
        wheel, specifier = wheel_of_client(self.cache), required.specifier
        if required.specifier.url or not specifier.specifier.contains(wheel.version, prereleases=True):
            raise required.line.refused(
                f"the client must have the version of this noukai, {wheel.version}: write {CLIENT}."
            )
        extras = f"[{','.join(sorted(specifier.extras))}]" if specifier.extras else ""
        return f"{CLIENT}{extras} @ {wheel.url}"

    def _locked(self, group: str, *steps: Callable[[Path], None]) -> Path:
        file = _LOCKED / f"{group}.txt"
        options = ["--require-hashes", "--no-deps", "--requirements", str(file)]
        return self._installed([group, file.read_text()], options, *steps)

    def _installed(
        self,
        key: Iterable[str],
        options: list[str],
        prune: Callable[[Path], None],
        finish: Callable[[Path], None] = lambda _: None,
    ) -> Path:
        def fill(draft: Path) -> None:
            self._install(draft, options)
            prune(draft)
            compile_folder(draft)
            finish(draft)

        sources = [source.read_text() for source in sorted(Path(__file__).parents[1].rglob("*.py"))]
        return cached(self.cache, [self.platform, PYTHON_VERSION, *key, *sources], fill)

    def _install(self, folder: Path, options: list[str]) -> None:
        result = subprocess.run(  # noqa: S603 - our own installer
            [
                *(
                    sys.executable,
                    "-m",
                    "uv",
                    "pip",
                    "install",
                    "--quiet",
                    "--no-compile",
                    "--only-binary",
                    ":all:",
                ),
                *("--target", str(folder), *wheel_options(self.platform), *options),
            ],
            check=False,
            stderr=subprocess.PIPE,
            text=True,
        )
        if result.returncode:
            said = result.stderr.strip()
            advice = f"\n{_UNREACHABLE}" if "client error" in said else ""
            raise BundleError(f"The dependencies cannot be installed for {self.platform}:\n{said}{advice}")


def _state(file: Path) -> str:
    """Return a fingerprint of a file's state, without reading it."""
    state = file.stat()
    return f"{file.name} {state.st_size} {state.st_mtime_ns}"


def _distributions(folder: Path) -> Iterable[tuple[str, str]]:
    for path in folder.glob("*.dist-info"):
        name, _, version = path.stem.rpartition("-")
        yield name, version
