"""The CDK command, in the version that `infra/noukai_infra/package.json` names, on our own Node."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from noukai_infra.folders import PACKAGE, REPOSITORY
from noukai_infra.nodejs import NODE, NPM, node_environment
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.cdk_options import check_options

_PACKAGE_FILE = PACKAGE / "package.json"
_LOCK = PACKAGE / "package-lock.json"
_NAME = "aws-cdk"
_QUIET = ("--no-notices", "--no-version-reporting", "--no-path-metadata", "--no-asset-metadata")
_REGISTRY = Path("lib") / "cli" / "cli-type-registry.json"
"""The file in which the locked CDK command lists its options."""


def app_command(interpreter: str) -> str:
    """Return the shell command of our app for the CDK command."""
    return shlex.join([interpreter, "-m", "noukai_infra.app"])


@dataclass(frozen=True)
class Cdk:
    """The CDK command, installed into its own folder on first use."""

    environ: Mapping[str, str]
    folder: Path = REPOSITORY / ".build" / "cdk"

    def run(self, *arguments: str, assembly: Path | None = None) -> int:
        """Run the command in the repository's folder; return its exit status.

        It synthesizes our app, unless an assembly is given.

        Raises:
            OperatorError: the command cannot be installed.
        """
        self._install()
        quiet = {"CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_DISABLE_VERSION_CHECK": "true"}
        app = app_command(sys.executable) if assembly is None else str(assembly)
        command = [str(NODE), str(self._module / "bin" / "cdk"), *_QUIET, "--app", app]
        return subprocess.run(  # noqa: S603 - our own Node
            [*command, *arguments],
            check=False,
            cwd=REPOSITORY,
            env={**node_environment(self.environ), **quiet},
        ).returncode

    def check_options(self, command: str, arguments: Sequence[str]) -> None:
        """Refuse arguments that the command would ignore.

        Raises:
            OperatorError: an argument is useless, or the CDK command cannot be installed.
        """
        if arguments:
            self._install()
            check_options(json.loads((self._module / _REGISTRY).read_text()), command, arguments)

    @property
    def _module(self) -> Path:
        return self.folder / "node_modules" / _NAME

    def _install(self) -> None:
        installed = self._module / "package.json"
        wanted = json.loads(_PACKAGE_FILE.read_text())["dependencies"][_NAME]
        if installed.exists() and json.loads(installed.read_text())["version"] == wanted:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in (_PACKAGE_FILE, _LOCK):
            shutil.copy(file, self.folder)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        result = subprocess.run(  # noqa: S603 - our own Node
            [*NPM, "ci", *quiet], check=False, cwd=self.folder, env=node_environment(self.environ)
        )
        if result.returncode:
            raise OperatorError(
                "The CDK command cannot be installed from the npm registry: see above. Behind a proxy, set "
                "HTTPS_PROXY; if it has its own authority, SSL_CERT_FILE to its certificates; for another "
                "registry, NPM_CONFIG_REGISTRY."
            )
