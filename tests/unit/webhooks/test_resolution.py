"""The look-up of names, with real name servers on loopback."""

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noukai_functions.webhooks.posting.deadline import Deadline
from noukai_functions.webhooks.posting.dns_messages import Kind, UnreadableReplyError, question_of, reply_of
from noukai_functions.webhooks.posting.resolution import Resolver, UnresolvedError, servers_of
from tests.unit.webhooks.dns_server import (
    NO_SUCH_NAME,
    SERVER_FAILED,
    TRUNCATED,
    V4,
    V6,
    Answering,
    addressed,
    alias,
    name_server,
    reply,
)

NAME = "hooks.example.com"
WAITS = (0.05, 5)
"""A short one for what is lost, and a long one, which a busy machine does not reach."""


def found(*answers: Answering, seconds: float = 5, waits: tuple[float, ...] = WAITS) -> list[str]:
    """Return the addresses of a name by one or two servers."""
    with name_server(answers[0]) as first, name_server(answers[-1]) as second:
        servers = [server.address for server in (first, second)[: len(answers)]]
        return [str(each) for each in Resolver(servers, waits).addresses(NAME, Deadline(seconds))]


def silent(_question: bytes, _kind: int, _protocol: str) -> None:
    """Answer nothing."""


def test_both_kinds_are_asked_for() -> None:
    """IPv4 comes first, and an address that is named twice once."""
    assert found(addressed(["1.1.1.1", "1.1.1.1", "1.0.0.1"], ["2606::1"])) == [
        "1.1.1.1",
        "1.0.0.1",
        "2606::1",
    ]


def test_addresses_of_an_alias_count() -> None:
    """A name server answers with the alias and its addresses."""

    def answer(question: bytes, kind: int, _protocol: str) -> bytes:
        return reply(question, ["1.1.1.1"] if kind == V4 else [], before=alias("elsewhere.example.net"))

    assert found(answer) == ["1.1.1.1"]


@pytest.mark.parametrize("code", [0, NO_SUCH_NAME])
def test_name_without_an_address(code: int) -> None:
    """It is an answer: nobody else is asked."""
    with name_server(lambda question, _kind, _protocol: reply(question, code=code)) as server:
        with pytest.raises(UnresolvedError, match=f"^{NAME} has no address$"):
            Resolver([server.address], (5,)).addresses(NAME, Deadline(5))
        assert sorted(server.asked) == [(V4, "udp"), (V6, "udp")]


@pytest.mark.parametrize(
    "first", [silent, lambda question, _kind, _protocol: reply(question, code=SERVER_FAILED)]
)
def test_next_server_is_asked(first: Answering) -> None:
    """After silence or a failure; the answers of both count."""
    assert found(first, addressed(["1.1.1.1"])) == ["1.1.1.1"]


def test_lost_packet_is_sent_again() -> None:
    """The same server is asked once more."""
    lost = [V4, V6]

    def answer(question: bytes, kind: int, _protocol: str) -> bytes | None:
        if kind in lost:
            lost.remove(kind)
            return None
        return reply(question, ["1.1.1.1"] if kind == V4 else ["2606::1"])

    assert found(answer) == ["1.1.1.1", "2606::1"]


def test_silence_about_one_kind_is_not_waited_for() -> None:
    """Some servers never answer about IPv6."""
    assert found(lambda question, kind, _: reply(question, ["1.1.1.1"]) if kind == V4 else None) == [
        "1.1.1.1"
    ]


def test_silence() -> None:
    """It ends with the last wait, or with the deadline, whichever is first."""
    with pytest.raises(UnresolvedError, match=f"no name server answers about {NAME}"):
        found(silent, waits=(0.05, 0.05))
    with pytest.raises(TimeoutError):
        found(silent, seconds=0.05, waits=(60, 60))


def test_reply_that_does_not_fit_comes_by_a_stream() -> None:
    """All of its addresses are known, and so checked."""
    many = [f"1.1.{number}.1" for number in range(200)]

    def answer(question: bytes, kind: int, protocol: str) -> bytes:
        if kind == V6:
            return reply(question)
        return reply(question, many) if protocol == "tcp" else reply(question, many[:1], flags=TRUNCATED)

    assert found(answer) == many


@pytest.mark.parametrize("size", [0, 1, 14])
def test_stream_that_breaks_off(size: int) -> None:
    """It is a silence."""

    def answer(question: bytes, _kind: int, protocol: str) -> bytes:
        return reply(question)[:size] if protocol == "tcp" else reply(question, flags=TRUNCATED)

    with pytest.raises(UnresolvedError, match="no name server"):
        found(answer, waits=(0.05, 0.05))


FORGED = {
    "another number": lambda question: reply(
        bytes([question[0] ^ 0xFF, question[1]]) + question[2:], ["6.6.6.6"]
    ),
    "another name": lambda question: reply(question.replace(b"hooks", b"other"), ["6.6.6.6"]),
    "another kind": lambda question: reply(question[:-4] + b"\0\x0f\0\1", ["6.6.6.6"]),
    "a question": lambda question: question,
    "no question": lambda question: question[:2] + struct.pack(">HHHHH", 0x8180, 0, 0, 0, 0),
    "cut": lambda question: reply(question, ["6.6.6.6"])[:-2],
    "more answers than there are": lambda question: reply(question)[:6] + b"\xff\xff" + reply(question)[8:],
    "another length": lambda question: reply(question, ["6.6.6.6"])[:-6] + b"\0\3\6\6\6",
    "a name that leads to itself": lambda question: reply(question, before=b"\xc0\x1d" + b"\xc0\x1d"),
    "nothing": lambda _question: b"",
    "one byte": lambda question: question[:1],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_forged_packet_is_not_an_answer(forged: Callable[[bytes], bytes]) -> None:
    """The right one, which comes later, is."""
    right = addressed(["1.1.1.1"])

    def answer(question: bytes, kind: int, protocol: str) -> list[bytes]:
        packet = right(question, kind, protocol)
        assert isinstance(packet, bytes)
        return [forged(question), packet]

    assert found(answer) == ["1.1.1.1"]


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No other error, and no endless loop."""
    packet = reply(question_of(7, NAME, Kind.V4))[:6] + data
    for each in (data, packet, reply(question_of(7, NAME, Kind.V4), before=data)):
        with suppress(UnreadableReplyError):
            reply_of(each, 7, NAME, Kind.V4)


def test_servers_are_those_of_the_machine(tmp_path: Path) -> None:
    """Comments, options and anything that is no address do not matter; without a file there is none."""
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# nameserver 9.9.9.9\nsearch a\nnameserver 10.0.0.2\nnameserver ::1 # x\nnameserver\nnameserver a\n"
    )
    assert servers_of(file) == (("10.0.0.2", 53), ("::1", 53))
    assert servers_of(tmp_path / "none") == ()


def test_machine_without_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It resolves nothing."""
    monkeypatch.setattr(
        "noukai_functions.webhooks.posting.resolution.CONFIGURATION", tmp_path / "resolv.conf"
    )
    with pytest.raises(UnresolvedError):
        Resolver().addresses(NAME, Deadline(5))
