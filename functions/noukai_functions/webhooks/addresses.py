"""The public addresses of the internet, the only ones that webhooks are posted to."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

# Python's own list differs from release to release, and allows some of these in each.
_RESERVED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' networks, and AWS's own
        "127.0.0.0/8",
        "169.254.0.0/16",  # credentials of roles and instances
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_RESERVED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "3fff::/20",
    )
)


def address_of(text: str) -> Address | None:
    """Return the address that a text is in its usual form; None for names, zones and other forms."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id else address


def is_public(address: Address) -> bool:
    """Return whether a packet to this address reaches the public internet and nothing else."""
    reached = _reached(address)
    if reached.is_multicast or not reached.is_global:
        return False
    if isinstance(reached, IPv4Address):
        return not any(reached in network for network in _RESERVED_4)
    return reached in _GLOBAL_UNICAST and not any(reached in network for network in _RESERVED_6)


def _reached(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for: mapped, by NAT64, 6to4 or Teredo."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        # The relay is reached first. A client behind a public relay cannot be a receiver in earnest.
        return address
    return address.ipv4_mapped or address.sixtofour or address
