"""What an installation has that Lambda never loads."""

import gzip
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_MACHINES_OWN = ("bin", ".lock", "**/__pycache__", "*.dist-info/uv_*.json", "*.dist-info/direct_url.json")
"""Files that name this machine or the moment of the installation: without them it is the same every time."""

_UTILITIES = (
    "auth_alpha",
    "batch",
    "circuit_breaker",
    "data_classes",
    "data_masking",
    "feature_flags",
    "idempotency",
    "kafka",
    "parameters",
    "parser",
    "streaming",
    "validation",
)
_UNUSED = (
    "**/*.pyi",
    "**/py.typed",
    "**/tests",
    "aws_lambda_powertools/event_handler",
    *(f"aws_lambda_powertools/utilities/{name}" for name in _UTILITIES),
    "dateutil/zoneinfo/*.tar.gz",
    "*.dist-info/[!M]*",
    "botocore/data/*/*/examples-1.json",
)
_SERVICES = {"dynamodb", "sqs"}
_BOTOCORE_DATA = {
    *_SERVICES,
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
    for path in folder.glob("botocore/data/endpoints.json"):
        _replace(path, path, _of_our_services(json.loads(path.read_bytes())))
    for path in folder.glob("botocore/data/*/*/*.json.gz"):
        _replace(path, path.with_suffix(""), _without_documentation(json.loads(gzip.decompress(path.read_bytes()))))


def _of_our_services(endpoints: Any) -> Any:
    """Forget where the other services are: reading that takes a tenth of a start and 8 MB of memory."""
    for partition in endpoints["partitions"]:
        services = partition["services"].items()
        partition["services"] = {name: service for name, service in services if name in _SERVICES}
    return endpoints


def _without_documentation(description: Any) -> Any:
    """Leave out of a service's description what is written for people: most of it."""
    if isinstance(description, list):
        return [_without_documentation(part) for part in description]
    if not isinstance(description, dict):
        return description
    # A shape may have a member of that name, which is no text.
    kept = {name: part for name, part in description.items() if name != "documentation" or not isinstance(part, str)}
    return {name: _without_documentation(part) for name, part in kept.items()}


def _replace(path: Path, by: Path, content: Any) -> None:
    # The installer may have linked the file to a copy of its own, which must stay as it is: no file is written into.
    path.unlink()
    by.write_text(json.dumps(content, separators=(",", ":")))


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in folder.glob(pattern)]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
