"""The folders of the infrastructure: the operator's repository, and our own package.

That is this repository, or a team's, which has its own `flows` and settings and our package as an installed
library.
"""

from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
"""The folder of our sources and of the files that ship with them, such as `package.json`."""

SOURCES = PACKAGE.parents[1]
"""The repository of our packages, unless they are installed."""


def folder_of(package: str) -> Path:
    """Return the folder of one of our packages, in this repository or among the installed libraries."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"The package {package} is missing: install noukai again.", name=package)
    return Path(spec.origin).resolve().parent


NOUKAI_TOML = "noukai.toml"
SETTINGS_FILES = (NOUKAI_TOML, "cdk.json")


def repository_of(folder: Path, default: Path) -> Path:
    """Return the nearest folder, upwards from `folder`, with a settings file; otherwise the default."""
    for each in (folder, *folder.parents):
        if any((each / name).is_file() for name in SETTINGS_FILES):
            return each
    return default


def _default(folder: Path) -> Path:
    return SOURCES if (SOURCES / "cdk.json").is_file() else folder


REPOSITORY = repository_of(Path.cwd(), _default(Path.cwd()))
"""The folder of the flows, the settings and `.build`."""

SETTINGS_FILE = next(
    (REPOSITORY / name for name in SETTINGS_FILES if (REPOSITORY / name).is_file()), REPOSITORY / NOUKAI_TOML
)
"""The settings file of the repository, which may not exist."""
