"""The records of logging: hostile values and forged records lose no line and break no answer."""

import json
import math
from typing import Any

import pytest

from noukai_functions.logs.line import LOG, Line, decoded
from noukai_functions.logs.masking import Masker
from noukai_functions.logs.record import read_record, write_record
from noukai_functions.logs.text_lines import MOST_LINE_BYTES

NOW = 1_700_000_000_000
SECRET = 'p4ss\'w\u00f6rd\\"more"'


class Unwritable:
    """A value that has no text."""

    def __str__(self) -> str:
        raise KeyError("no text")


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def written(message: str = "said", secrets: tuple[str, ...] = (), **fields: Any) -> Line:
    """Return what is read of a record."""
    text = write_record(NOW, "error", message, fields).decode().removesuffix("\n")
    return read_record(text, 0, NOW, Masker(secrets))


def fields_of(**fields: Any) -> Any:
    """Return the fields of a record as an answer has them, which must be JSON."""
    line = written(**fields)
    assert (line.message, line.level) == ("said", "error")
    return json.loads(json.dumps(line.fields, allow_nan=False))


def test_values_that_json_does_not_have() -> None:
    """Such a value is described; the other fields and the message stay."""
    endless: dict[str, Any] = {}
    endless["itself"] = endless
    shown = fields_of(one=1, endless=endless, huge=10**5000, unwritable=Unwritable(), deep=nested(2000))
    assert shown["one"] == 1
    assert all(shown[name].startswith("cannot be shown: ") for name in ("endless", "huge", "unwritable"))
    assert shown["deep"].startswith("cannot be shown: ")
    assert fields_of(nan=math.nan, inf=[-math.inf]) == {"nan": "NaN", "inf": ["-Infinity"]}
    assert fields_of(deep=nested(100)) == {"deep": "[" * 100 + "1" + "]" * 100}


@pytest.mark.parametrize(
    "fields",
    [f'{{"a":{"[" * depth}1{"]" * depth}}}' for depth in (100, 900, 985, 990, 20_000)] + ['{"a":1e999}'],
)
def test_forged_fields(fields: str) -> None:
    """Whatever a flow writes to the pipe can be stored, read and answered."""
    text = f'{{"at":{NOW},"level":"info","message":"x","fields":{fields}}}'
    (line,) = decoded(read_record(text, 0, NOW, Masker()).encoded())
    assert line.stream == LOG
    json.dumps(line.fields, allow_nan=False)


@pytest.mark.parametrize(
    "forged",
    [
        {"at": NOW + 10**9, "level": "info", "message": "x"},
        {"at": "now", "level": "info", "message": "x"},
        {"at": NOW, "level": "fatal", "message": "x"},
        {"at": NOW, "level": ["info"], "message": "x"},
        {"at": NOW, "level": "info", "message": ["x"]},
        {"at": NOW, "level": "info", "message": "x", "fields": [1]},
        {"at": NOW, "level": "info", "message": "x", "more": "1"},
        [NOW, 4, "dropped", None, {"dropped": 10**9}],
        "text",
        None,
    ],
)
def test_forged_record(forged: object) -> None:
    """It is a line of the flow, of now."""
    (line,) = decoded(read_record(json.dumps(forged), 0, NOW, Masker()).encoded())
    assert (line.at, line.stream) == (NOW, LOG)


def test_message_commands_no_terminal() -> None:
    """Its line ends stay."""
    assert written("one\x1b]0;title\x07\n\x1b[31mred\x1b[0m\r\n\x00").message == "one\nred\n\\x00"


@pytest.mark.parametrize("character", ["x", "\x00", "\u00e9", "\u20ac", "\U0001f600", "\ud800"])
@pytest.mark.parametrize("more", [-1, 0, 1, 100_000])
def test_long_message_stays_a_record(character: str, more: int) -> None:
    """With a level and fields, in any script."""
    count = MOST_LINE_BYTES + more
    line = written(character * count, field="y" * 10_000)
    assert (line.level, len((line.fields or {})["field"])) == ("error", 10_000)
    size = len((character * count).encode("utf-8", "replace"))
    assert len(line.message.encode("utf-8", "replace")) <= MOST_LINE_BYTES
    assert line.message.endswith(" bytes]") == (size > MOST_LINE_BYTES or character == "\x00")


@pytest.mark.parametrize("write", [str, repr, json.dumps, lambda text: json.dumps({"password": text})])
def test_secret_in_a_record(write: Any) -> None:
    """However the message and the fields write it, which JSON writes again."""
    line = written(f"with {write(SECRET)}", (SECRET,), body=write(SECRET), nested=[{write(SECRET): 1}])
    assert "p4ss" not in str(line)
    assert (line.level, "***" in line.message) == ("error", True)


def test_secret_that_is_a_number_or_a_level() -> None:
    """Masking it leaves a record whole."""
    line = written("critical", ("12345678", "critical"), pin=12345678)
    assert (line.level, line.message, line.fields) == ("error", "***", {"pin": "***"})


@pytest.mark.parametrize("before", range(MOST_LINE_BYTES - 80, MOST_LINE_BYTES + 1, 16))
def test_secret_where_a_message_is_cut(before: int) -> None:
    secret = "a key of more than eighty characters: " + "secret" * 10
    line = written("x" * before + secret + "y" * 1000, (secret,))
    assert "a ke" not in line.message
