"""The folders of the infrastructure: the operator's project, and our own package.

In this repository the project is the repository. A team's project has its own `flows` and settings, and our
package is an installed library.
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


PROJECT_FILE = "noukai.toml"
SETTINGS_FILES = (PROJECT_FILE, "cdk.json")


def project_of(folder: Path, default: Path) -> Path:
    """Return the nearest folder, upwards from `folder`, with a settings file; otherwise the default."""
    for each in (folder, *folder.parents):
        if any((each / name).is_file() for name in SETTINGS_FILES):
            return each
    return default


def _default(folder: Path) -> Path:
    return SOURCES if (SOURCES / "cdk.json").is_file() else folder


PROJECT = project_of(Path.cwd(), _default(Path.cwd()))
"""The folder of the flows, the settings and `.build`."""

SETTINGS_FILE = next(
    (PROJECT / name for name in SETTINGS_FILES if (PROJECT / name).is_file()), PROJECT / PROJECT_FILE
)
"""The settings file of the project, which may not exist."""
