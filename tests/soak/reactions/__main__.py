"""`python -m tests.soak.reactions [--minutes N]`: print a table; exit with 1 if a promise broke."""

import argparse
import sys

from tests.soak.reactions.soak import Soak
from tests.soak.reactions.verdict import table, violations


def main() -> int:
    """Soak as the arguments say."""
    parser = argparse.ArgumentParser(
        prog="make soak-reactions", description="Schedules of each minute, and webhooks of their jobs."
    )
    parser.add_argument("--minutes", type=int, default=3)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--endpoints", type=int, default=20, help="of which five misbehave")
    arguments = parser.parse_args()
    _say("starting a system on this machine")
    with Soak.prepared(arguments.schedules, arguments.endpoints) as soak:
        soak.run(arguments.minutes, _say)
    broken = violations(soak)
    _say("\n".join([*table(soak), *broken[:50], f"{len(broken)} promises broken"]))
    return 1 if broken else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
