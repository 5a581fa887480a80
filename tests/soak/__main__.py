"""`python -m tests.soak [--jobs N] [--kills N] [--seed N]`: print a table; exit with 1 if a promise broke."""

import argparse
import sys
import time

from tests.soak.plan import Plan
from tests.soak.soak import Soak
from tests.soak.verdict import table, violations

SECONDS_PER_JOB = 1


def main() -> int:
    """Soak as the arguments say."""
    parser = argparse.ArgumentParser(prog="make soak", description="Many jobs under kills and faults.")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument(
        "--kills", type=int, default=20, help="of workers, and as many of flows and of idle processes"
    )
    parser.add_argument(
        "--seed", type=int, default=time.time_ns() % 2**32, help="repeats the plan of another run"
    )
    arguments = parser.parse_args()
    plan = Plan.draw(arguments.jobs, kills=arguments.kills, seed=arguments.seed)
    _say(f"seed {plan.seed}: starting a system on this machine")
    with Soak.prepared(plan) as soak:
        soak.run(60 + SECONDS_PER_JOB * arguments.jobs, _say)
    broken = violations(soak)
    _say("\n".join([*table(soak), *broken, f"{len(broken)} promises broken"]))
    return 1 if broken else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
