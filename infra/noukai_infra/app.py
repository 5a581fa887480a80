"""The CDK app: `python -m noukai_infra.app` synthesizes the stack, with or without the CDK command.

The settings come from `noukai.toml` or the context of `cdk.json`; `CDK_CONTEXT_JSON` overrides them. The
cloud assembly is written to `CDK_OUTDIR`, by default `cdk.out`. For instance, for your own flows on a local
emulator:

    CDK_CONTEXT_JSON='{"platform": "host", "flows": "/my/flows"}' CDK_OUTDIR=out python -m noukai_infra.app
"""

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.nodejs import node_environment
from noukai_infra.settings import Settings, SettingsError, file_context, overrides

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_cdk import App

    from noukai_infra.bundle.asset import Bundler
    from noukai_infra.bundle.target import Platform


_GIVEN = "CDK_CONTEXT_JSON"
"""The variable in which the CDK command gives the context."""


def synthesize(outdir: Path, context: dict[str, object], bundler: "Bundler | None" = None) -> None:
    """Write the cloud assembly; `CDK_CONTEXT_JSON` overrides `context`.

    `bundler` makes the assets; by default it is made from these settings.

    Raises:
        SettingsError: a setting has an invalid value.
        SystemExit: the assets cannot be bundled; the message says why.
    """
    with composed(outdir, context, bundler) as app:
        app.synth()


def load_cdk() -> None:
    """Load the CDK, which takes seconds, and start its Node, which must be on the path."""
    os.environ.update(node_environment(os.environ))
    from noukai_infra.stack import job_stack as stack  # noqa: F401, PLC0415


@contextmanager
def composed(outdir: Path, context: dict[str, object], bundler: "Bundler | None" = None) -> "Iterator[App]":
    """Yield the composed app, which can be synthesized within the block; raise like `synthesize`."""
    load_cdk()
    from aws_cdk import App  # noqa: PLC0415

    from noukai_infra.stack.base.assets import Assets  # noqa: PLC0415
    from noukai_infra.stack.job_stack import JobStack  # noqa: PLC0415

    app = App(outdir=str(outdir), context=context, analytics_reporting=False, tree_metadata=False)
    settings = Settings.from_context(app.node.get_all_context())
    with TemporaryDirectory() as scratch:
        made = bundler or bundler_of(settings, Path(scratch))
        JobStack(app, settings=settings, assets=Assets(made))
        if settings.edge:
            from noukai_infra.company.rules import apply_rules  # noqa: PLC0415 - loads the CDK
            from noukai_infra.stack.api.edge import EdgeStack  # noqa: PLC0415 - few have one

            apply_rules(EdgeStack(app, name=settings.stack, edge=settings.edge), settings)
        yield app


def bundler_of(settings: Settings, scratch: Path) -> "Bundler":
    """Return the bundler of a deployment's assets; `scratch` is an empty folder that exists as long as it."""
    from noukai_infra.bundle.asset import Bundler  # noqa: PLC0415

    return Bundler(
        flows=settings.flows_folder,
        platform=_asset_platform(settings),
        worker=settings.worker,
        scratch=scratch,
        former=settings.former,
        console=settings.console,
        workers=settings.workers,
    )


def _asset_platform(settings: Settings) -> "Platform":
    is_x86_64 = settings.platform == "manylinux" and settings.architecture == "x86_64"
    return "manylinux-x86_64" if is_x86_64 else settings.platform


def main() -> None:
    """Synthesize with the settings of the environment."""
    try:
        if _GIVEN in os.environ:
            os.environ[_GIVEN] = json.dumps(overrides(json.loads(os.environ[_GIVEN]), SETTINGS_FILE))
        synthesize(Path(os.environ.get("CDK_OUTDIR", "cdk.out")), file_context())
    except SettingsError as error:
        sys.exit(f"The settings in {SETTINGS_FILE.name} cannot be used:\n{error}")


if __name__ == "__main__":
    main()
