"""The ranges of IP addresses that a key may be used from."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def is_within(address: str, ranges: Iterable[str]) -> bool:
    """Return whether an address is in one of the ranges; an unreadable one is in none."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return any(known in ip_network(each) for each in ranges)


def network_of(text: str) -> Network:
    """Parse a range such as `203.0.113.0/24` or `2001:db8::/32`, or one address.

    Raises:
        ValueError: it is none, or has bits set beyond its prefix.
    """
    return ip_network(text)


def are_narrower(ranges: Iterable[str], than: Iterable[str]) -> bool:
    """Return whether each range lies in one of the others."""
    outer = [ip_network(each) for each in than]
    return all(_lies_in_any(ip_network(each), outer) for each in ranges)


def _lies_in_any(inner: Network, outer: Iterable[Network]) -> bool:
    return any(_lies_in(inner, each) for each in outer)


def _lies_in(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False
