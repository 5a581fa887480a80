"""The installed dependencies of an asset: pruned, compiled and kept for the next time."""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from infra.bundle.bytecode import compile_folder
from infra.bundle.error import BundleError
from infra.bundle.target import PYTHON_VERSION, Platform, wheel_options
from infra.settings import ROOT

_CACHE = ROOT / ".build" / "dependencies"
_LOCK = ROOT / "requirements.lock"
_PROJECT = ROOT / "pyproject.toml"

_SERVICES = ("dynamodb", "sqs")
_BOTOCORE_DATA = {*_SERVICES, "_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"}
_UNUSED = ("bin", "*.dist-info", "**/*.pyi", "**/py.typed", "**/tests", "**/examples-1.json", "**/__pycache__", ".lock")


@dataclass(frozen=True)
class Dependencies:
    """What to install: groups of `pyproject.toml`, and perhaps the requirements of somebody's flows."""

    groups: tuple[str, ...]
    platform: Platform
    requirements: Path | None = None

    def folder(self) -> Path:
        """Give a folder with the dependencies, installed now or earlier; not to be written to.

        Raises:
            BundleError: they cannot be installed; the message is the installer's.
        """
        folder = _CACHE / self._digest()
        if not folder.exists():
            _CACHE.mkdir(parents=True, exist_ok=True)
            self._install(folder)
        return folder

    def _install(self, folder: Path) -> None:
        draft = Path(mkdtemp(dir=_CACHE))
        try:
            self._fetch(draft)
            _prune(draft)
            compile_folder(draft)
            draft.chmod(0o755)
            try:
                draft.rename(folder)
            except OSError:  # another process was faster, with the same content
                if not folder.exists():
                    raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _fetch(self, folder: Path) -> None:
        groups = [option for group in self.groups for option in ("--group", f"{_PROJECT}:{group}")]
        flows = ["--requirements", str(self.requirements)] if self.requirements else []
        result = subprocess.run(  # noqa: S603 our own installer
            [
                *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-compile", "--only-binary", ":all:"),
                *("--target", str(folder), "--constraints", str(_LOCK)),
                *wheel_options(self.platform),
                *groups,
                *flows,
            ],
            check=False,
            stderr=subprocess.PIPE,
            text=True,
        )
        if result.returncode:
            raise BundleError(f"The dependencies cannot be installed for {self.platform}:\n{result.stderr.strip()}")

    def _digest(self) -> str:
        parts = [*self.groups, self.platform, PYTHON_VERSION, _LOCK.read_text(), _PROJECT.read_text()]
        parts += [source.read_text() for source in sorted(Path(__file__).parent.glob("*.py"))]
        if self.requirements:
            parts.append(self.requirements.read_text())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _prune(folder: Path) -> None:
    """Remove what Lambda never loads: most of it is the descriptions of AWS services that are not called."""
    unused = [path for pattern in _UNUSED for path in folder.glob(pattern)]
    unused += [path for path in (folder / "botocore" / "data").glob("*") if path.name not in _BOTOCORE_DATA]
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
