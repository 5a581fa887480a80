"""The wheels of local packages, each built once per state of its sources."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import parse_wheel_filename

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.target import Platform

_NOT_SOURCES = {"__pycache__", "build", "dist", "node_modules", "venv"}


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel in a file."""

    path: Path

    @property
    def name(self) -> str:
        """Return the name of the distribution."""
        return parse_wheel_filename(self.path.name)[0]

    @property
    def version(self) -> str:
        """Return the version of the distribution."""
        return str(parse_wheel_filename(self.path.name)[1])

    @property
    def is_for_this_machine_alone(self) -> bool:
        """Return whether it contains native code for this platform."""
        return all(tag.platform != "any" for tag in parse_wheel_filename(self.path.name)[3])

    @property
    def url(self) -> str:
        """Return its URL for the installer, with the hash of its content."""
        return f"{self.path.as_uri()}#sha256={hashlib.sha256(self.path.read_bytes()).hexdigest()}"


def wheel_of(path: Path, platform: Platform, cache: Path) -> Wheel:
    """Return a wheel as it is, or build a package's wheel.

    Raises:
        BundleError: the wheel cannot be built, or does not run on the platform.
    """
    if path.suffix == ".whl":
        return Wheel(path)
    wheel = _built(path, cache)
    if platform != "host" and wheel.is_for_this_machine_alone:
        raise BundleError(
            f"its wheel, {wheel.path.name}, runs only on this machine: name one for Linux on arm64."
        )
    return wheel


def _built(path: Path, cache: Path) -> Wheel:
    folder = cache / "wheels" / _digest_of(path)
    if not (found := sorted(folder.glob("*.whl"))):
        command = (sys.executable, "-m", "uv", "build", "--wheel", "--python", sys.executable)
        result = subprocess.run(  # noqa: S603 - our own installer
            [*command, "--out-dir", str(folder), str(path)],
            check=False,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise BundleError(f"it cannot be built:\n{result.stderr.strip()}")
        found = sorted(folder.glob("*.whl"))
    return Wheel(found[0])


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256(f"{path}\0{sys.version}".encode())
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        parts = file.relative_to(path).parts if file != path else ()
        if file.is_file() and not any(_is_no_source(part) for part in parts):
            digest.update(f"{file}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:32]


def _is_no_source(name: str) -> bool:
    return name in _NOT_SOURCES or name.startswith(".") or name.endswith((".egg-info", ".pyc"))
