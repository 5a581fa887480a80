"""The synthesizing process: the CDK is loaded once, not per change of a flow.

Each line of standard input is an order: JSON with the folder of the assembly, and with what the context has
beside that of `cdk.json`. `DONE` on standard error ends what is said of it. A synthesis that fails ends the
process with its message.
"""

import json
import sys
from pathlib import Path

from infra.app import load_cdk, synthesize
from infra.settings import SettingsError, file_context

DONE = "synthesized"


def main() -> None:
    """Synthesize each order until standard input closes."""
    load_cdk()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            synthesize(Path(order["outdir"]), {**file_context(), **order["context"]})
        except SettingsError as error:
            sys.exit(f"The settings cannot be used:\n{error}")
        sys.stderr.write(f"{DONE}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
