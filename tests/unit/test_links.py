"""The documents refer only to what exists."""

import re
import subprocess
from pathlib import Path

import pytest

from noukai_infra.settings import ROOT
from tests.documents import DOCUMENTS

LONGEST_README = 200
SOURCES = ("client", "functions", "infra", "tests")
_CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:\.ci|\.github|client|functions|infra|tests)/[\w./-]*)`")

_TEST = re.compile(r"`(test_\w+(?:\.py)?)`")
_TARGET = re.compile(r"`make ([a-z-]+)")


def prose(document: Path) -> str:
    return _CODE.sub("", document.read_text())


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links(document: Path) -> None:
    """Each leads to a file, and to a heading if it names one."""
    for link in _LINK.findall(prose(document)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths(document: Path) -> None:
    """Each path that a document names exists; only the changelog may name former ones."""
    if document.name == "CHANGELOG.md":
        return
    assert [path for path in _PATH.findall(prose(document)) if not (ROOT / path).exists()] == []


def test_paths_in_code() -> None:
    """Comments and docstrings name paths that exist, too."""
    sources = [path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")]
    named = {(path, name) for path in sources for name in _PATH.findall(path.read_text())}
    assert named
    assert [(str(path), name) for path, name in named if not (ROOT / name).exists()] == []


def test_documents_name_tests_by_their_paths() -> None:
    """So that a reader finds them, and the paths are checked."""
    assert _TEST.findall("`test_name` or `test_file.py`, but `tests/unit/test_links.py`") == [
        "test_name",
        "test_file.py",
    ]
    assert [name for document in DOCUMENTS for name in _TEST.findall(prose(document))] == []


def test_targets_that_documents_name() -> None:
    """`make` has each of them."""
    named = {name for document in DOCUMENTS for name in _TARGET.findall(document.read_text())}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named
    assert named - targets == set()


def test_every_document_is_checked() -> None:
    """A new document is tested like the others."""
    of_new_projects = [f":!infra/noukai_infra/repository/{folder}" for folder in ("template", "examples")]
    listed = subprocess.run(
        ["git", "ls-files", "*.md", *of_new_projects], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert listed.stdout or listed.returncode, "in a checkout, git lists some"
    added = {ROOT / name for name in listed.stdout.splitlines()}
    assert {path for path in added if path.exists()} <= set(DOCUMENTS)
