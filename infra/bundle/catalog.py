"""The catalog of the flows, made by the functions' own command in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from infra.bundle.error import BundleError
from infra.settings import ROOT
from noukai_wire.limits import WORKER_MARGIN_SECONDS


def build_catalog(flows: Path, libraries: Iterable[Path], output: Path, flow_seconds: int) -> None:
    """Import the flows and write what `submit` and `describe` know of them.

    The flows see the `libraries` of the worker and no others: one that is missing there is missing here.
    `flow_seconds` is what the worker has for a flow: a submission that asks for more is refused.

    Raises:
        BundleError: a flow cannot be imported or makes no sense; the message says where.
    """
    search_path = (*libraries, ROOT, ROOT / "client")
    result = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, "-S", "-P", "-B", "-m", "functions.catalog_build", str(flows), str(output), str(flow_seconds)],
        check=False,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, search_path)), "PYTHONHASHSEED": "0"},
    )
    if result.returncode:
        raise BundleError(f"The flows in {flows} cannot be built:\n{result.stderr.strip()}")
    sys.stderr.write(result.stderr)


def check_timeouts(catalog: Path, flow_seconds: int) -> None:
    """Compare the timeout of each flow of a catalog with what the worker has for one.

    Raises:
        BundleError: a flow's is longer; the message names the flow and the setting.
    """
    flows = json.loads((catalog / "flows.json").read_bytes())
    timeouts = {name: flow["timeout_seconds"] for name, flow in flows.items()}
    too_long = [f"{name} ({seconds} s)" for name, seconds in timeouts.items() if seconds > flow_seconds]
    if too_long:
        raise BundleError(
            f"The worker has {flow_seconds} s for a flow, and these may take longer: {', '.join(too_long)}. Raise "
            f"worker.timeout in cdk.json, of which worker.grace_seconds and {WORKER_MARGIN_SECONDS} s for starting "
            "and settling are taken, or lower the timeout of the flow."
        )
