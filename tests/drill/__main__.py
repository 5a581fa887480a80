"""`python -m tests.drill [--only TEXT]`: make ten faults and mend them; exit with 1 if one was not mended."""

import argparse
import sys
import time

from tests.drill.drill import drill, table
from tests.drill.faults import FAULTS
from tests.drill.site import Site


def main() -> int:
    """Run the drill that the arguments describe."""
    parser = argparse.ArgumentParser(
        prog="make drill", description="Faults, alarms and the runbook's commands."
    )
    parser.add_argument("--only", default="", help="only faults whose name contains this")
    wanted = [fault for fault in FAULTS if parser.parse_args().only in fault.name]
    begun = time.monotonic()
    _say("starting a system on this machine; each look at it stands for minutes")
    verdicts = []
    with Site.prepared() as site:
        for fault in wanted:
            verdicts.append(drill(site, fault))
            _say(verdicts[-1].text)
    bad = [each for each in verdicts if not each.is_good]
    seconds = time.monotonic() - begun
    _say(
        "\n".join(
            ["", *table(verdicts), f"{len(bad)} of {len(verdicts)} faults not mended, {seconds:.0f} s in all"]
        )
    )
    return 1 if bad or not verdicts else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
