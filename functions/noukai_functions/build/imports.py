"""A build step: the search for imports that will fail in the worker."""

import ast
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from noukai_functions.worker.inside.flow_loader import PACKAGE

_DISTRIBUTIONS = {
    "attr": "attrs",
    "aws_lambda_powertools": "aws-lambda-powertools",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "jwt": "pyjwt",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""The distribution of each module that is named differently."""

_CLIENT = "noukai"
_INCOMPLETE = {"aws_lambda_powertools", _CLIENT}
"""Packages that the worker has only in part: importing another part fails."""

_THIS_REPOSITORYS = {"functions", "infra", "tests"}
_FORMER_MODULES = {"functions", "functions.flow"}
"""The modules from which flows imported the decorator before version 0.2."""

_ABOUT_THE_MACHINE = {"TYPE_CHECKING", "os", "platform", "sys"}


def missing_in(error: BaseException) -> str | None:
    """Return the module that an import did not find; None for other errors."""
    if not isinstance(error, ImportError) or error.name is None:
        return None
    is_missing = isinstance(error, ModuleNotFoundError) or error.name.partition(".")[0] in _INCOMPLETE
    return error.name if is_missing else None


def advice(module: str, folder: Path) -> str:
    """Return advice about a missing module."""
    root = module.partition(".")[0]
    if module in _FORMER_MODULES:
        return "it has moved: write `from noukai.flow import flow, Context`"
    if root in _THIS_REPOSITORYS:
        return "the worker does not have this module of the repository: do not import it"
    if root in {folder.name, PACKAGE}:
        return f"modules of the flows folder import each other by name: write it without {root!r}"
    return f"add {_DISTRIBUTIONS.get(root, root.replace('_', '-'))} to {folder / 'requirements.txt'}"


def missing_later(folder: Path) -> Iterator[str]:
    """Return the imports inside functions that will fail at run time.

    Imports in a `try`, for type checkers only, or for another platform are allowed to fail.
    """
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is None or not name.startswith(f"{PACKAGE}."):
            continue
        for line, wanted in _imports(ast.parse(Path(file).read_bytes())):
            if not _is_there(wanted):
                yield (
                    f"{file}:{line}: No module named {wanted!r} will be found when this line runs: "
                    f"{advice(wanted, folder)}, or import it in a `try`"
                )


def _is_there(module: str) -> bool:
    root = module.partition(".")[0]
    if root == _CLIENT and (module == _CLIENT or module not in sys.modules):
        # Every worker has `noukai.flow`; the rest of the client must be required.
        return find_spec(f"{_CLIENT}._faces") is not None
    try:
        return root in sys.modules or find_spec(root) is not None
    except ValueError:
        return True  # loaded, and without a spec


def _imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Try | ast.TryStar) or (
        isinstance(node, ast.If) and _is_about_the_machine(node.test)
    ):
        return
    if isinstance(node, ast.Import):
        yield from ((node.lineno, alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        is_submodule = f"{node.module}.{node.names[0].name}" in sys.modules
        yield node.lineno, f"{node.module}.{node.names[0].name}" if is_submodule else node.module
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


def _is_about_the_machine(test: ast.expr) -> bool:
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    return bool(names & _ABOUT_THE_MACHINE)
