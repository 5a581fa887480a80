"""The catalog of the flows, built by the functions' own command in a separate process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from noukai_infra.bundle.error import BundleError
from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.settings import WorkerKind


def build_catalog(
    flows: Path,
    libraries: Iterable[Path],
    output: Path,
    *,
    worker: WorkerKind,
    workers: Mapping[str, WorkerKind],
    former: Iterable[str],
) -> None:
    """Import the flows and write the catalog for `submit` and `describe`.

    The flows see only the `libraries` of the worker, which include our own code, so that a missing library is
    noticed here. `worker` is the default worker kind: a longer flow needs another one. `workers` are those
    that flows may name. `former` are flows that were deployed before.

    Raises:
        BundleError: a flow cannot be imported or is invalid; the message says where.
    """
    step = ("-S", "-P", "-B", "-m", "noukai_functions.build.catalog_build")
    limits = (str(worker.flow_seconds), str(worker.grace_seconds), SETTINGS_FILE.name)
    named = [f"--worker={name}={kind.flow_seconds}" for name, kind in workers.items()]
    result = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, *step, str(flows), str(output), *limits, *named, *former],
        check=False,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, libraries)), "PYTHONHASHSEED": "0"},
    )
    if result.returncode:
        raise BundleError(f"The flows in {flows} cannot be built:\n{result.stderr.strip()}")
    sys.stderr.write(result.stderr)


def kinds_in(catalog: Path) -> list[str]:
    """Return the names of the worker kinds of a catalog's flows, in order."""
    return sorted({flow["worker_kind"] for flow in _flows_in(catalog)} - {None})


def flows_in(catalog: Path) -> tuple[list[str], list[str]]:
    """Return the names of a catalog's flows, and of the former flows."""
    made = _read(catalog)
    return list(made["flows"]), made["former"]


def inputs_in(catalog: Path) -> dict[str, Any]:
    """Return the JSON Schema of each flow's input, by the flow's name."""
    return {name: flow["input"] for name, flow in _read(catalog)["flows"].items()}


def fingerprints_of(catalog: Path) -> dict[str, str]:
    """Return for each flow a hash of what decides whether a worker can run its jobs."""
    flows = _read(catalog)["flows"]
    return {name: _hash([flow["input"], flow["worker_kind"]]) for name, flow in flows.items()}


def _hash(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def version_of(catalog: Path) -> str:
    """Return the version of a catalog's flows."""
    version: str = _read(catalog)["version"]
    return version


def needs_engine(catalog: Path) -> bool:
    """Return whether validating a flow's input needs pydantic's engine."""
    return any(flow["needs_engine"] for flow in _flows_in(catalog))


def _flows_in(catalog: Path) -> list[dict[str, Any]]:
    return list(_read(catalog)["flows"].values())


def _read(catalog: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((catalog / "flows.json").read_bytes())
    return made
