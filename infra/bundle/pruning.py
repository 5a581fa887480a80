"""What an installation has that Lambda never loads."""

import shutil
from collections.abc import Iterable
from pathlib import Path

_MACHINES_OWN = ("bin", ".lock", "**/__pycache__", "*.dist-info/uv_*.json", "*.dist-info/direct_url.json")
"""Files that name this machine or the moment of the installation: without them it is the same every time."""

_UNUSED = (
    "**/*.pyi",
    "**/py.typed",
    "**/tests",
    "aws_lambda_powertools/event_handler",
    "*.dist-info/[!M]*",
    "botocore/data/*/*/examples-1.json",
)
_BOTOCORE_DATA = {
    "dynamodb",
    "sqs",
    "_retry.json",
    "endpoints.json",
    "partitions.json",
    "sdk-default-configuration.json",
}


def prune_installation(folder: Path) -> None:
    """Leave the libraries as they are and remove what the installer has written about itself."""
    _remove(_matching(folder, _MACHINES_OWN))


def prune_own(folder: Path) -> None:
    """Remove also what our functions never use: mostly the descriptions of AWS services that they do not call.

    Of the metadata, `METADATA` is left.
    """
    prune_installation(folder)
    _remove(_matching(folder, _UNUSED))
    _remove(path for path in (folder / "botocore" / "data").glob("*") if path.name not in _BOTOCORE_DATA)


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in folder.glob(pattern)]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
