"""The form of docstrings: functions begin with a verb, classes and modules with a noun phrase."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("client", "functions", "infra", "tests")
# Add a new verb only if no listed one will do.
VERBS = """
    Accept Acquire Add Allow Answer Append Ask Authenticate Begin Build Cache Call Cancel Check Choose
    Claim Clear Close Combine Compile Complete Conclude Connect Continue Convert Copy Count Create
    Decode Defer Delete Deliver Deploy Describe Discard Do Draw Drop End Estimate Expand Extend Extract
    Fail Fetch Find Flush Forget Fork Format Forward Get Group Handle Hide Ignore Import Include Inflate
    Insert Install Interrupt Invoke Iterate Join Keep Kill Leave Lend Let Limit Link List Load Lock Log Make
    Mark Merge Move Open Parse Pass Patch Pause Perform Pickle Poll Print Put Raise Read Reap Record Recount
    Redirect Refer Refuse Register Release Remember Remove Repeat Replace Report Reserve Reset Resolve
    Restore Resubmit Resume Retry Return Revoke Roll Run Save Say Schedule Send Serialize Serve Set
    Settle Show Sleep Split Start Stop Store Stream Submit Suppress Swap Synthesize Take Tell Terminate
    Tie Undo Update Upload Validate Wait Wake Warn Watch Work Wrap Write Yield
"""
VERBS_OF_TESTS = """
    Act Assert Await Bill Bundle Catch Change Compare Die Double Execute Explore Feed Fill Fire Follow Give
    Go Halve Hand Hold Listen Look Measure Mount Note Outlive Play Price Publish Receive Silence Soak Square
    Stay Sum Sweep Throttle Use
"""
"""Verbs of helpers, flows and benchmarks alone."""

QUESTIONS = "How It That There What When Where Whether Which Who Whoever Why"
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def documented(folder: str) -> Iterator[tuple[str, Documented, str]]:
    """Yield the place, the node and the first line of each docstring below the folder.

    Leaves out test functions, which state what holds.
    """
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Documented) and not is_test(node) and (text := ast.get_docstring(node)):
                line = getattr(node, "lineno", 1)
                yield f"{path.relative_to(ROOT)}:{line}", node, text.splitlines()[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_begin_in_the_imperative_or_with_a_noun(folder: str) -> None:
    """Each first line is a whole sentence or phrase."""
    found = list(documented(folder))
    assert found
    wrong = [
        f"{place} {first}"
        for place, node, first in found
        if not first.endswith((".", ":"))
        or is_function(node) != begins_with_verb(first, is_of_tests=folder == "tests")
        or is_riddle(first)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "verb", "riddle"),
    [
        ("Return the job.", True, False),
        ("Return", True, False),
        ("The job.", False, False),
        ("Whether it runs.", False, True),
        ("What it does.", False, True),
    ],
)
def test_first_words_are_told_apart(line: str, verb: bool, riddle: bool) -> None:
    """The first word alone decides."""
    assert (begins_with_verb(line), is_riddle(line)) == (verb, riddle)


def test_tests_have_verbs_of_their_own() -> None:
    """They are none of the product's, and a helper may have either."""
    verbs = VERBS_OF_TESTS.split()
    assert {*verbs}.isdisjoint(VERBS.split())
    assert [
        each for each in verbs if begins_with_verb(each) or not begins_with_verb(each, is_of_tests=True)
    ] == []


def is_function(node: Documented) -> bool:
    """Return whether the docstring belongs to a function, a method or a property."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def is_test(node: Documented) -> bool:
    """Return whether the docstring belongs to a test function."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")


def begins_with_verb(line: str, *, is_of_tests: bool = False) -> bool:
    """Return whether the first word is a verb that we use, in tests perhaps one of theirs."""
    return first_word(line) in VERBS.split() or (is_of_tests and first_word(line) in VERBS_OF_TESTS.split())


def is_riddle(line: str) -> bool:
    """Return whether a question word or a pronoun stands where the noun should."""
    return first_word(line) in QUESTIONS.split()


def first_word(line: str) -> str:
    """Return the first word without its punctuation."""
    return line.split(maxsplit=1)[0].rstrip(".,:;")
