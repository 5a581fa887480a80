"""The documents of this repository and their code."""

import re
from dataclasses import dataclass
from pathlib import Path

from noukai_infra.settings import ROOT

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / ".github").glob("*.md")]
    + [ROOT / folder / "README.md" for folder in ("client", "tests")]
    + [
        ROOT / "client" / "WEBHOOKS.md",
        *(ROOT / "functions").glob("[A-Z]*.md"),
        *(ROOT / "infra").glob("*.md"),
    ]
)

_BLOCK = re.compile(r"^( *)```(\w*) *([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document: its language, the rest of its fence, and its code."""

    document: Path
    language: str
    info: str
    code: str

    @property
    def file(self) -> str:
        """Return the name of its file."""
        return self.info.partition("=")[2]

    @property
    def title(self) -> str:
        """Return a name for a test's report."""
        return f"{self.document.relative_to(ROOT)} {self.info or self.code.splitlines()[-1]}"


def _blocks(document: Path) -> list[Block]:
    found = _BLOCK.findall(document.read_text())
    return [
        Block(document, language, info, _dedented(code, indent)) for indent, language, info, code in found
    ]


def _dedented(code: str, indent: str) -> str:
    return re.sub(f"^{indent}", "", code, flags=re.MULTILINE)


BLOCKS = [block for document in DOCUMENTS for block in _blocks(document)]
