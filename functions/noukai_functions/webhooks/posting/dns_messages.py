"""The messages of DNS (RFC 1035), as far as addresses need them."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

from noukai_functions.webhooks.addresses import Address

_INTERNET = 1
_RECURSION = 0x0100
_REPLY, _TRUNCATED, _CODE = 0x8000, 0x0200, 0x000F
_HEADER = struct.Struct(">HHHHHH")
_QUESTION_END = struct.Struct(">HH")
_RECORD = struct.Struct(">HHIH")
_POINTER = 0xC0


class Kind(IntEnum):
    """The kind of address that is asked for."""

    V4 = 1
    V6 = 28


class UnreadableReplyError(ValueError):
    """A packet that is not the reply to a question."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a question: its addresses, its code, and whether it did not fit."""

    addresses: tuple[Address, ...]
    code: int
    is_truncated: bool


def question_of(number: int, name: str, kind: Kind) -> bytes:
    """Return the question for the addresses of a name."""
    return _HEADER.pack(number, _RECURSION, 1, 0, 0, 0) + _asked(name, kind)


def reply_of(packet: bytes, number: int, name: str, kind: Kind) -> Reply:
    """Return the reply that a packet holds.

    Raises:
        UnreadableReplyError: it answers another question, or is not a message of DNS.
    """
    try:
        found, flags, questions, answers, _, _ = _HEADER.unpack_from(packet)
        asked = _asked(name, kind)
        begin = _HEADER.size
        if (found, questions) != (number, 1) or not flags & _REPLY:
            raise UnreadableReplyError("a packet for another question")
        if packet[begin : begin + len(asked)].lower() != asked:
            raise UnreadableReplyError("a reply to another question")
        addresses = _addresses(packet, begin + len(asked), answers, kind)
    except (struct.error, IndexError) as error:
        raise UnreadableReplyError("a packet that ends too early") from error
    return Reply(addresses, flags & _CODE, bool(flags & _TRUNCATED))


def _asked(name: str, kind: Kind) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.lower().split("."))
    return labels + b"\0" + _QUESTION_END.pack(kind, _INTERNET)


def _addresses(packet: bytes, place: int, answers: int, kind: Kind) -> tuple[Address, ...]:
    """Return the addresses among the answers; names that lead from one to another do not matter."""
    found: list[Address] = []
    for _ in range(answers):
        place = _after_name(packet, place)
        record, network, _, length = _RECORD.unpack_from(packet, place)
        place += _RECORD.size + length
        if (record, network) == (kind, _INTERNET):
            found.append(_address(packet[place - length : place], kind))
    return tuple(found)


def _after_name(packet: bytes, place: int) -> int:
    """Return where the name ends that begins at a place; a pointer ends it, and is not followed."""
    while size := packet[place]:
        if size & _POINTER == _POINTER:
            return place + 2
        place += 1 + size
    return place + 1


def _address(data: bytes, kind: Kind) -> Address:
    size = 4 if kind is Kind.V4 else 16
    if len(data) != size:
        raise UnreadableReplyError("an address of another length")
    return IPv4Address(data) if kind is Kind.V4 else IPv6Address(data)
