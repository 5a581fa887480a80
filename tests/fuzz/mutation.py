"""Mutated bytes for the parsers, guided by code coverage: libFuzzer through atheris.

`python -m tests.fuzz.mutation NAME ASSET RUNS` feeds one parser in its own process, which libFuzzer ends.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from noukai_functions.build.catalog_build import build_catalog
from tests.fuzz.api import FLOWS, ROOT

SEEDS = (
    b'{"message": "x", "parameters": {"a": 1, "pair": [1, "x"], "root": {"name": "n", "parts": []}}}',
    b'{"options": {"maxAttempts": 3, "metadata": {"k": "v"}, "backoffSeconds": 0.5}, "trace": true}',
    (
        b'{"id": "job_aaaaaaaaaaaaaaaaaaaaaaaaaa", "created_at": 1, "org": "acme", "flow": "x/y", '
        b'"arguments": {"a": [1]}}'
    ),
    b"order 66",
)
_LONGEST = 4096


def fuzz_parsers(runs: int) -> int:
    """Feed every parser that many inputs and print the results; return the number of failed ones."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not to be had on this machine: the parsers are left to tests/fuzz/test_parsers.py")  # noqa: T201
        return 0
    with TemporaryDirectory() as folder:
        asset = Path(folder)
        build_catalog(FLOWS, asset / "catalog")
        from tests.fuzz.parsers import targets  # noqa: PLC0415 - it loads what the other process instruments

        return sum(_fuzz(name, asset, runs) for name in targets(asset))


def _fuzz(name: str, asset: Path, runs: int) -> bool:
    command = [sys.executable, "-m", "tests.fuzz.mutation", name, str(asset), str(runs)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    failed = result.returncode != 0
    print(f"{name}: {runs} inputs, {'FAILED' if failed else 'nothing found'}")  # noqa: T201 - it is what it is for
    if failed:
        print(result.stdout[-4000:], result.stderr[-4000:])  # noqa: T201 - as above
    return failed


def main(name: str, asset: Path, runs: str) -> None:
    """Feed one parser; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415 - it has no wheels for some machines

    with atheris.instrument_imports(include=["noukai_functions", "json"]):
        from tests.fuzz.parsers import targets  # noqa: PLC0415 - it is to be instrumented

    corpus = asset / "corpus" / name.replace("/", "-")
    corpus.mkdir(parents=True)
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    options = [f"-atheris_runs={runs}", f"-max_len={_LONGEST}", "-timeout=10", f"-artifact_prefix={asset}/"]
    atheris.Setup([sys.argv[0], str(corpus), *options], targets(asset)[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
