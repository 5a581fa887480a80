"""`python -m tests.fuzz`: find requests and bytes that the API handles wrongly; exit with 1 for any.

`api` sends thousands of requests to the real functions; `parsers` feeds mutated bytes to each parser of
untrusted input; `bodies` sends large bodies that are expensive to check, each with a limit of CPU and memory.
All run unless one is named.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS
from noukai_infra.local.running import ready
from noukai_wire.routes import BASE_PATH
from tests.fuzz.api import FLOWS, fuzz_api
from tests.fuzz.expensive import fuzz_bodies
from tests.fuzz.mutation import fuzz_parsers

_PARTS = ["api", "bodies", "parsers"]


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the arguments of the command."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("what", nargs="*", type=_part, default=_PARTS, metavar="PART")
    parser.add_argument("--examples", type=int, default=100, help="requests of an operation in a phase")
    parser.add_argument("--runs", type=int, default=200_000, help="inputs of a parser")
    parser.add_argument("--bodies", type=int, default=500, help="dear bodies")
    parser.add_argument("--seed", type=int, help="for the same requests again")
    return parser.parse_args(arguments)


def main() -> int:
    """Run what is asked for."""
    options = options_of(sys.argv[1:])
    failures = 0
    if "parsers" in options.what:
        failures += fuzz_parsers(options.runs)
    if "bodies" in options.what:
        failures += fuzz_bodies(options.bodies, options.seed or 1)
    if "api" in options.what:
        failures += _fuzz_local(options)
    return min(failures, 1)


def _part(name: str) -> str:
    # Not by `choices`: Python 3.11 compares the whole default list with them.
    if name not in _PARTS:
        raise argparse.ArgumentTypeError(f"there is no {name}: choose from {', '.join(_PARTS)}")
    return name


def _fuzz_local(options: argparse.Namespace) -> int:
    failures = 0
    with ready(os.environ, flows=FLOWS) as url:
        for mode, phases in (("all", "coverage,fuzzing,stateful"), ("negative", "fuzzing")):
            origin, key = url.removesuffix(BASE_PATH), LOCAL_KEYS["acme"]
            found = fuzz_api(
                origin, key, examples=options.examples, phases=phases, mode=mode, seed=options.seed
            )
            print(found.said)  # noqa: T201 - it is what the command is for
            print(f"{found.requests} requests of {found.operations} operations: {found.failures} failures")  # noqa: T201
            failures += found.failures
    return failures


if __name__ == "__main__":
    sys.exit(main())
