"""The pruning of library files that Lambda never loads."""

import gzip
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.time_zones import pack_time_zones

_MACHINES_OWN = ("bin", ".lock", "**/__pycache__", "*.dist-info/uv_*.json", "*.dist-info/direct_url.json")
"""Files that depend on this machine or the time of installation; without them, an asset is reproducible."""

_UTILITIES = (
    "auth_alpha",
    "batch",
    "circuit_breaker",
    "data_classes",
    "data_masking",
    "feature_flags",
    "idempotency",
    "kafka",
    "metadata",
    "parameters",
    "parser",
    "streaming",
    "validation",
)
_UNUSED_BY_ANYBODY = ("**/*.pyi", "**/py.typed", "**/tests", "*.dist-info/[!M]*")
_UNUSED = (
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/metrics",
    "aws_lambda_powertools/middleware_factory",
    "aws_lambda_powertools/tracing",
    *(f"aws_lambda_powertools/utilities/{name}" for name in _UTILITIES),
    "dateutil/easter.py",
    "dateutil/rrule.py",
    "dateutil/zoneinfo/*.tar.gz",
    "urllib3/contrib/emscripten",
    "pydantic/mypy.py",
    "pydantic/v1/mypy.py",
    "botocore/data/*/*/examples-1.json",
    "botocore/data/*/*/paginators-1*",
    "botocore/data/*/*/waiters-2.json*",
    "botocore/docs/bcdoc",
    "botocore/docs/[!_du]*.py",
)
OPERATIONS = {
    "dynamodb": {
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "Scan",
        "Query",
        "BatchGetItem",
        "TransactWriteItems",
    },
    "cloudwatch": {"GetMetricData"},
    "events": {"PutEvents"},
    "lambda": {"GetEventSourceMapping", "Invoke", "UpdateEventSourceMapping"},
    "s3": {"GetObject", "HeadObject", "ListObjectsV2", "PutObject"},
    "scheduler": {"CreateSchedule", "GetSchedule", "DeleteSchedule"},
    "sqs": {"SendMessage", "SendMessageBatch", "ChangeMessageVisibilityBatch", "GetQueueAttributes"},
    "secretsmanager": {"GetSecretValue"},
    "ssm": {"GetParameter", "GetParameters", "PutParameter"},
}
"""The operations that our functions call. botocore parses the description of a whole service at the first
call."""

MADE_FOR = {
    "aws_lambda_powertools": "3.37.0",
    "botocore": "1.43.106",
    "dateutil": "2.9.0.post0",
    "pydantic": "2.14.3",
    "urllib3": "2.8.0",
}
"""The versions of the libraries whose files are removed or replaced by name."""

_SET_OF_CLIENTS = "clientContextParams"
"""The key of a service description that lists its clients' settings."""

_BOTOCORE_DATA = {
    *OPERATIONS,
    "_retry.json",
    "endpoints.json",
    "partitions.json",
    "sdk-default-configuration.json",
}

_UNWRITTEN = {
    "aws_lambda_powertools/__init__.py": """\
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.package_logger import set_package_logger_handler

set_package_logger_handler()
""",
    "botocore/docs/__init__.py": "",
    "botocore/docs/docstring.py": """\
class ClientMethodDocstring:
    def __init__(self, *_, **__):
        pass


PaginatorDocstring = WaiterDocstring = ClientMethodDocstring
""",
    "urllib3/http2/__init__.py": """def inject_into_urllib3():
    raise ImportError("this urllib3 has no HTTP/2 support: add urllib3 to the flows' requirements")
""",
}
"""Replaced because botocore loads its documentation writer, with an HTML parser: a tenth of a cold start.
urllib3 loads HTTP/2 support, which botocore does not use, and a version lookup: a thirtieth. Powertools loads
metrics and a tracer, of which we use neither."""

_LATER = """\
import re


class _Later:
    def __init__(self, *pattern):
        self._pattern = pattern

    def __getattr__(self, name):
        return getattr(re.compile(*self._pattern), name)

"""
_PATTERNS = re.compile(r"^(\w*(?:IPV6\w*|HOST_PORT)_RE) = re\.compile\(", re.MULTILINE)
"""urllib3 and botocore match IPv6 addresses by patterns that take a millisecond each to compile; a call of
AWS needs one or two of them."""


def prune_installation(folder: Path) -> None:
    """Delete the installer's metadata, and leave the libraries unchanged."""
    _remove(_matching(folder, _MACHINES_OWN))


def prune_own(folder: Path) -> None:
    """Delete also what our functions never use, mostly descriptions of other AWS services.

    Of the metadata, only `METADATA` stays.
    """
    prune_installation(folder)
    _remove(_matching(folder, _UNUSED_BY_ANYBODY))
    _remove([path for pattern in _UNUSED for path in _expected(folder, pattern)])
    for name, text in _UNWRITTEN.items():
        for path in _expected(folder, name):
            _replace(path, path, text)
    for name in ("urllib3/util/url.py", "botocore/compat.py"):
        for path in _expected(folder, name):
            _replace(path, path, _compiling_later(name, path.read_text()))
    _shorten_descriptions(folder)
    pack_time_zones(folder)


def _expected(folder: Path, pattern: str) -> list[Path]:
    """Return the matching files of an installed library; empty if the library is not installed.

    Raises:
        BundleError: the library is installed, but has no such file.
    """
    found = sorted(folder.glob(pattern))
    if not found and (folder / pattern.partition("/")[0]).is_dir():
        raise _changed(pattern, "has no such file")
    return found


def _changed(pattern: str, how: str) -> BundleError:
    library = pattern.partition("/")[0]
    made_for = f"infra/noukai_infra/bundle/libraries/pruning.py is made for version {MADE_FOR[library]}"
    return BundleError(
        f"{pattern}: the installed {library} {how}, and {made_for}: adapt it, or install that version."
    )


def _compiling_later(name: str, text: str) -> str:
    later, found = _PATTERNS.subn(r"\1 = _Later(", text)
    if not found or "import re\n" not in later:
        raise _changed(name, "does not compile its address patterns there")
    return later.replace("import re\n", _LATER, 1)


def _shorten_descriptions(folder: Path) -> None:
    """Delete botocore's descriptions of services and operations that our functions do not call."""
    kept = [path for name in sorted(_BOTOCORE_DATA) for path in _expected(folder, f"botocore/data/{name}")]
    _remove(path for path in (folder / "botocore" / "data").glob("*") if path not in kept)
    for name in OPERATIONS:
        _remove(_expected(folder, f"botocore/data/{name}/*")[:-1])  # of older versions of the service
    for path in _expected(folder, "botocore/data/endpoints.json"):
        _replace(path, path, _compact(_of_our_services(json.loads(path.read_bytes()))))
    for path in _expected(folder, "botocore/data/*/*/*.json.gz"):
        description = _without_documentation(json.loads(gzip.decompress(path.read_bytes())))
        if path.name == "service-2.json.gz":
            description = _of_operations(description, OPERATIONS[path.parent.parent.name])
        _replace(path, path.with_suffix(""), _compact(description))


def _of_our_services(endpoints: Any) -> Any:
    """Drop the endpoints of other services: reading them takes a tenth of a cold start and 8 MB of memory."""
    for partition in endpoints["partitions"]:
        services = partition["services"].items()
        partition["services"] = {name: service for name, service in services if name in OPERATIONS}
    return endpoints


def _of_operations(description: Any, names: set[str]) -> Any:
    """Delete other operations, and the shapes that only they use."""
    shapes = description["shapes"]
    operations = {name: operation for name, operation in description["operations"].items() if name in names}
    kept: dict[str, Any] = {}
    wanted = _named_shapes(operations) | {name for name, shape in shapes.items() if shape.get("exception")}
    while wanted:
        # Sorted, because the order of a set differs between processes.
        kept |= {name: shapes[name] for name in sorted(wanted)}
        wanted = {name for shape in kept.values() for name in _named_shapes(shape)} - kept.keys()
    return {**description, "operations": operations, "shapes": kept}


def _named_shapes(description: Any) -> set[str]:
    if isinstance(description, list):
        return {name for part in description for name in _named_shapes(part)}
    if not isinstance(description, dict):
        return set()
    own = {description["shape"]} if isinstance(description.get("shape"), str) else set()
    return own | {name for part in description.values() for name in _named_shapes(part)}


def _without_documentation(description: Any) -> Any:
    """Delete the documentation from a service description, most of its size."""
    if isinstance(description, list):
        return [_without_documentation(part) for part in description]
    if not isinstance(description, dict):
        return description
    # A shape may have a member named `documentation`, which is not text.
    kept = {
        name: part
        for name, part in description.items()
        if name != "documentation" or not isinstance(part, str)
    }
    shorter = {name: _without_documentation(part) for name, part in kept.items()}
    # botocore reads the documentation of client settings, so it must exist.
    for parameter in shorter.get(_SET_OF_CLIENTS, {}).values():
        parameter["documentation"] = ""
    return shorter


def _compact(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"))


def _replace(path: Path, by: Path, text: str) -> None:
    # The file may be a hard link to the installer's cache, which must not change: replace it instead of
    # writing to it.
    path.unlink()
    by.write_text(text)


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in folder.glob(pattern)]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
