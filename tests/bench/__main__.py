"""`python -m tests.bench [SECTION …]`: run all benchmarks, or those named; write a table and a JSON file."""

import argparse
import importlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.report import Section

SECTIONS: tuple[str, ...] = (
    "bill",
    "starts",
    "requests",
    "client",
    "waiting",
    "together",
    "printing",
    "scale",
    "local",
)
"""The modules of the benchmarks, in the order of the report; each has a `sections` that measures."""
FOLDER = Path(".build") / "bench"


def main() -> int:
    """Measure, print and write the results."""
    parser = argparse.ArgumentParser(
        prog="make bench", description="What a job costs, and how fast things are."
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all of them if none"
    )
    names = parser.parse_args().sections or SECTIONS
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
    found: list[Section] = []
    for name in names:
        for section in importlib.import_module(f"tests.bench.{name}").sections():
            found.append(section)
            sys.stdout.write(section.markdown() + "\n\n")
            sys.stdout.flush()
    _write(found)
    return 0


def _write(found: list[Section]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    head = f"# Benchmarks, {datetime.now(UTC).date().isoformat()}\n\n"
    (FOLDER / "bench.md").write_text(head + "\n\n".join(section.markdown() for section in found) + "\n")
    figures = {section.title: section.figures for section in found}
    (FOLDER / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(f"written to {FOLDER}/bench.md and {FOLDER}/bench.json\n")


if __name__ == "__main__":
    sys.exit(main())
