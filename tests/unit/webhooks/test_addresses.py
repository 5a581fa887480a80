"""The addresses that webhooks may be posted to."""

from ipaddress import ip_address

import pytest

from noukai_functions.webhooks.addresses import address_of, is_public

PUBLIC = """
    1.1.1.1 8.8.8.8 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255
    172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
    2606:4700:4700::1111 2a00:1450:4001:82a::200e ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
"""
NOT_PUBLIC = """
    0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255
    169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.9 192.0.0.170
    192.0.2.1 192.88.99.1 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.1
    224.0.0.0 239.255.255.255 240.0.0.0 255.255.255.255
    :: ::1 ::7f00:1 ::808:808 ::ffff:0:808:808 100::1 fc00::1 fdff::1 fe80::1 febf::1 fec0::1 ff00::1 ff0e::1
    2001::1 2001:1::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 4000::1 5f00::1 1fff::1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:224.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::808:808
    2002:7f00:1:: 2002:a00:1::1 2001:0:808:808::f7f7:f7f7 2001:0:7f00:1::
"""


@pytest.mark.parametrize("text", PUBLIC.split())
def test_public(text: str) -> None:
    """Those on the edges of ranges, and those that stand for a public one."""
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC.split())
def test_not_public(text: str) -> None:
    """Whatever this release of Python says of them; Teredo is refused whatever it carries."""
    assert not is_public(ip_address(text))


def test_usual_forms_alone_are_addresses() -> None:
    """A zone leads to a link, and other forms are names to some and numbers to others."""
    for text in (
        "127.1",
        "0x7f.0.0.1",
        "010.0.0.1",
        "2130706433",
        "fe80::1%eth0",
        "[::1]",
        "1.2.3.4 ",
        "a.b",
    ):
        assert address_of(text) is None
    assert str(address_of("::FFFF:1.2.3.4")) == "::ffff:102:304"
