"""The CDK app: `python -m infra.app` synthesizes the stack, with or without the CDK command.

The context of `cdk.json` is read either way; `CDK_CONTEXT_JSON` adds to it and wins. The cloud assembly is written to
`CDK_OUTDIR`, by default `cdk.out`. For instance, for flows of your own on an emulator of this machine:

    CDK_CONTEXT_JSON='{"platform": "host", "flows": "/my/flows"}' CDK_OUTDIR=out python -m infra.app
"""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from infra.node import provide_node
from infra.settings import ROOT, Settings


def synthesize(outdir: Path, context: dict[str, object]) -> None:
    """Write the cloud assembly; `CDK_CONTEXT_JSON` wins over `context`.

    Raises:
        ValidationError: a setting has a value that it cannot have.
        SystemExit: the assets cannot be bundled; its message says why.
    """
    provide_node(os.environ)
    # Importing the CDK starts Node, which must have been provided before.
    from aws_cdk import App  # noqa: PLC0415

    from infra.assets import Assets  # noqa: PLC0415
    from infra.bundle.asset import Bundler  # noqa: PLC0415
    from infra.stack import JobStack  # noqa: PLC0415

    app = App(outdir=str(outdir), context=context, analytics_reporting=False, tree_metadata=False)
    settings = Settings.from_context(app.node.try_get_context)
    with TemporaryDirectory() as scratch:
        bundler = Bundler(flows=settings.flows_folder, platform=settings.platform, scratch=Path(scratch))
        JobStack(app, settings=settings, assets=Assets(bundler))
        app.synth()


def main() -> None:
    """Synthesize as the environment says."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    try:
        synthesize(Path(os.environ.get("CDK_OUTDIR", "cdk.out")), context)
    except ValidationError as error:
        sys.exit(f"cdk.json: {error}")


if __name__ == "__main__":
    main()
