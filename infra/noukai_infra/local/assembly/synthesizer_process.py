"""The synthesizing process, which loads the CDK once and uses it only when a template changes.

Each line of standard input is an order: JSON with the assembly's folder and additions to the context of
`cdk.json`. `DONE` on standard error ends the output about an order. A failed synthesis ends the process with
its message.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from noukai_infra.app import bundler_of, load_cdk, synthesize
from noukai_infra.bundle.error import BundleError
from noukai_infra.local.assembly.kept_assembly import KeptAssembly, Shape
from noukai_infra.settings import Settings, SettingsError, file_context

DONE = "synthesized"


def main() -> None:
    """Synthesize each order until standard input closes."""
    load_cdk()
    kept = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            kept = _synthesized(Path(order["outdir"]), {**file_context(), **order["context"]}, kept)
        except SettingsError as error:
            sys.exit(f"The settings cannot be used:\n{error}")
        except BundleError as error:
            sys.exit(str(error))
        sys.stderr.write(f"{DONE}\n")
        sys.stderr.flush()


def _synthesized(outdir: Path, context: dict[str, object], kept: KeptAssembly | None) -> KeptAssembly:
    settings = Settings.from_context(context)
    with TemporaryDirectory() as scratch:
        bundler = bundler_of(settings, Path(scratch))
        shape = Shape.of(settings, bundler)
        if kept is not None and kept.shape == shape:
            return kept.write(outdir, bundler)
        synthesize(outdir, context, bundler)
        return KeptAssembly.read(outdir, shape, bundler.version())


if __name__ == "__main__":
    main()
