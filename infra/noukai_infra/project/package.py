"""The line of a project's `requirements.txt` that installs this distribution."""

import json
import shutil
from importlib.metadata import Distribution, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

_NAME = "noukai"
_WHEELS = "vendor"
_EXTRA = "[deploy]"


class PackageError(ValueError):
    """An error about the distribution to name; the message says which may be named."""


def requirement(package: str | None, folder: Path) -> str:
    """Return the line that installs `package`, a wheel's path or a URL; by default, the one installed here.

    A local wheel is copied into the project's folder, for others who work on the project.

    Raises:
        PackageError: `package` is neither a wheel nor a URL.
    """
    named = package or _installed_from(distribution(_NAME))
    if named is None:
        return f"{_NAME}{_EXTRA}=={distribution(_NAME).version}"
    url = urlsplit(named)
    path = Path(unquote(url.path)) if url.scheme == "file" else Path(named).expanduser()
    if path.suffix == ".whl" and path.is_file():
        (folder / _WHEELS).mkdir(exist_ok=True)
        shutil.copy(path, folder / _WHEELS)
        return f"./{_WHEELS}/{path.name}{_EXTRA}"
    if url.scheme in ("https", "http", "file") or url.scheme.startswith("git+"):
        return f"{_NAME}{_EXTRA} @ {named}"
    raise PackageError(f"{named} is neither a wheel's file nor a URL: give one, such as git+https://….")


def with_extra() -> str:
    """Return what pip is to install so that the distribution that is here has its extra.

    The name alone would be looked up in an index, which may have another distribution of that name.
    """
    origin = _installed_from(distribution(_NAME))
    return f"{_NAME}{_EXTRA}" if origin is None else f"{_NAME}{_EXTRA} @ {origin}"


def _installed_from(found: Distribution) -> str | None:
    """Return where the installed distribution came from, unless it came from an index."""
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if "vcs_info" in origin:
        return f"{origin['vcs_info']['vcs']}+{origin['url']}@{origin['vcs_info']['commit_id']}"
    url: str | None = origin.get("url")
    return url
