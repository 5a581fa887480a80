"""The joining of the console's modules, and its libraries."""

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from noukai_infra.console.files import LIBRARIES, PAGE, write_console
from noukai_infra.console.joining import JoinError, join
from noukai_infra.nodejs import node_environment

LONGEST_LINES = 250


def run(text: str, folder: Path) -> str:
    """Return what a module prints."""
    (folder / "joined.mjs").write_text(text)
    environment = node_environment({})
    node = shutil.which("node", path=environment["PATH"])
    assert node is not None
    done = subprocess.run([node, "joined.mjs"], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_joined_modules_do_what_the_modules_do(tmp_path: Path) -> None:
    """Each form of import and export that is used, each module once, before those that import it."""
    library = tmp_path / "library.js"
    library.write_text("let f=function(s){return s+1};export{f as plus};//# sourceMappingURL=x.map")
    page = tmp_path / "page"
    page.mkdir()
    (page / "a.js").write_text('console.log("a");\nexport const one = 1;\nexport default one + 1;\n')
    (page / "b.js").write_text(
        'import two from "./a.js";\nimport { one as first } from "./a.js";\nexport { one } from "./a.js";\n'
        "export function sum() {\n  return first + two;\n}\nexport class Box {}\n"
    )
    (page / "main.js").write_text(
        'import * as all from "./b.js";\nimport { plus } from "library";\n'
        "console.log(Object.keys(all).sort().join(), all.sum(), plus(1));\n"
    )
    assert run(join(page / "main.js", {"library": library}), tmp_path) == "a\nBox,one,sum 3 2\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('import "./main.js";\n', "form"),
        ('import { x } from "./main.js";\n', "import each other: main.js -> main.js"),
        ('import { x } from "./missing.js";\n', "no module"),
        ("export let x = 1;\n", "form"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """And not left for the browser to find."""
    (tmp_path / "main.js").write_text(text)
    with pytest.raises(JoinError, match=said):
        join(tmp_path / "main.js", {})


def test_libraries_are_those_of_the_registry() -> None:
    """Each file has the hash that was recorded with its package's integrity and licence."""
    folder = next(iter(LIBRARIES.values())).parent
    recorded = json.loads((folder / "libraries.json").read_text())
    assert recorded.keys() == {path.name for path in LIBRARIES.values()}
    for name, entry in recorded.items():
        digest = hashlib.sha512((folder / name).read_bytes()).digest()
        assert entry["integrity"] == f"sha512-{base64.b64encode(digest).decode()}"
        assert entry["packageIntegrity"].startswith("sha512-")
        assert entry["license"] in {"MIT", "Apache-2.0"}
    assert len(list(folder.glob("LICENSE.*"))) == 3


def test_console_is_made_reproducibly_and_its_policy_fits_its_styles(tmp_path: Path) -> None:
    """The same bytes each time; the style's hash is in the policy, and nothing unsafe."""
    for name in ("one", "two"):
        write_console(tmp_path / name)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")
    )
    assert one == two
    page = gzip.decompress(one["index.html.gz"]).decode()
    styles = re.search(r"<style>(.*)</style>", page, re.DOTALL)
    assert styles is not None
    digest = base64.b64encode(hashlib.sha256(styles[1].encode()).digest()).decode()
    policy = json.loads(one["files.json"])[""]["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_no_file_of_the_page_is_long_and_no_folder_full() -> None:
    """As for Python."""
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    assert len(files) > 30
    assert {
        path.name: lines for path in files if (lines := len(path.read_text().splitlines())) > LONGEST_LINES
    } == {}
    folders = {path.parent for path in files}
    assert {folder.name for folder in folders if len(list(folder.iterdir())) > 12} == set()


def test_nothing_of_a_job_can_become_markup() -> None:
    """No sink of markup or code is named anywhere in our modules."""
    sinks = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|javascript:"
    )
    found = {path.name for path in PAGE.rglob("*.js") if sinks.search(path.read_text())}
    assert found == set()
