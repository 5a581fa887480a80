"""Requests that the API's own document allows or forbids, made by schemathesis, to a running API."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from noukai_wire.routes import BASE_PATH, Route

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).with_name("schemathesis.toml")
FLOWS = Path(__file__).with_name("flows")


@dataclass(frozen=True)
class Findings:
    """The number of requests, and their findings: none if `said` ends well."""

    requests: int
    operations: int
    failures: int
    said: str


def fuzz_api(
    url: str, key: str, *, examples: int, phases: str, mode: str = "all", seed: int | None = None
) -> Findings:
    """Make up to `examples` requests per operation and phase, from the document for the key.

    `mode` is `positive`, as the document allows, `negative`, or `all`.
    """
    seeded = [] if seed is None else ["--seed", str(seed)]
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        result = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG)),
                *(
                    "run",
                    f"{url}{BASE_PATH}{Route.OPENAPI.template}",
                    "--header",
                    f"Authorization: Bearer {key}",
                ),
                *("--max-examples", str(examples), "--phases", phases, "--continue-on-failure", "--no-color"),
                *("--report", "json", "--report-json-path", str(report), "--request-timeout", "35"),
                *("--mode", mode),
                *("--generation-database", "none", *seeded),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"{result.stdout}{result.stderr}"
        if not report.exists():
            raise RuntimeError(said)
        found = json.loads(report.read_text())
    failures = found["test_cases"]["unique_failures"] + len(found["errors"]) + (result.returncode != 0)
    return Findings(found["test_cases"]["generated"], found["operations"]["tested"], failures, said)
