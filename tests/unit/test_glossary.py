"""One word for one thing: no name in the shipped code uses a word that the glossary replaced."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("client/noukai", "client/noukai_wire", "functions/noukai_functions", "infra/noukai_infra")
INSTEAD = {
    "profile": "worker kind",
    "profiles": "worker kinds",
    "letter": "outgoing message, or dead-letter message",
    "letters": "outgoing messages, or dead-letter messages",
    "spending": "budget watch",
    "bury": "settle",
    "abandon": "fail_unrun, or overdue",
    "abandoned": "overdue",
    "pace": "poll interval",
    "acceptance": "creation, or submission",
    "keyring": "API keys",
    "equipment": "parts",
}
"""The replacement of each word."""

OF_THE_INFRASTRUCTURE = {
    "project": "repository, or the name of a module of flows",
    "deployment": "deploy for the act, stack for what it makes",
}
"""The replacement of each word that has its one meaning in other packages only."""

MEANT = {"dead_letter", "dead_letters", "is_of_letters", "acceptance_facts_of"}
"""Names in which such a word means something else; longer names may contain them."""


def words_of(name: str) -> list[str]:
    """Return the words of a name in any style: `DeadLetters` and `DEAD_LETTERS` are `dead_letters`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def is_meant(name: str) -> bool:
    return any(each in "_".join(words_of(name)) for each in MEANT)


def named(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module defines, binds or gives to imports; the others are not ours."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.alias(asname=str() as name):
                yield name


def instead_in(package: str) -> Mapping[str, str]:
    return {**INSTEAD, **OF_THE_INFRASTRUCTURE} if package == "infra/noukai_infra" else INSTEAD


def old_words(name: str, instead: Mapping[str, str] = INSTEAD) -> list[str]:
    return [] if is_meant(name) else [word for word in words_of(name) if word in instead]


def test_each_thing_has_one_name() -> None:
    """A search for the glossary's word finds every place."""
    paths = [(package, path) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert {package for package, _ in paths} == {*PACKAGES}
    found = {
        f"{path.relative_to(ROOT)}: {name}": instead_in(package)[word]
        for package, path in paths
        for name in [path.stem, path.parent.name, *named(ast.parse(path.read_text()))]
        for word in old_words(name, instead_in(package))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "class WorkerProfile: ...",
        "def bury(): ...",
        "def send(letters): ...",
        "self.pace_ms = 1",
        "import a as profile",
    ],
)
def test_old_word_is_found_wherever_a_name_is_given(source: str) -> None:
    assert [word for name in named(ast.parse(source)) for word in old_words(name)] != []


def test_word_with_another_meaning_is_kept() -> None:
    """AWS says dead-letter queue, and others' functions keep their names."""
    source = "dead_letters = DeadLetterQueue(dead_letter_queue=1)\nsetprofile(None)\nprint(session.profile)"
    assert [word for name in named(ast.parse(source)) for word in old_words(name)] == []
