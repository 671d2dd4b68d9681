"""Where a company may publish its keys: which URLs, and which addresses behind them.

One strict form of a URL, read once, and everything that is asked for is made of its parts: where two parsers read one
text differently, such a check can be passed by.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from common.errors import JwksUriRejected

MAX_URI: Final = 2000
"""Characters."""

_HTTPS_PORT: Final = 443
_PORTS: Final = {"https": _HTTPS_PORT, "http": 80}
_MAX_PORT: Final = 65535
_MAX_NAME: Final = 253
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME: Final = re.compile(rf"(?:{_LABEL}\.)*(?=[A-Za-z]){_LABEL}", re.ASCII)  # the last begins with a letter: no 127.1
_URI: Final = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)?",
    re.ASCII,
)

_NOT_PUBLIC: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; one cloud has its metadata there
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, and all that is reserved
    )
)
_PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_V6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)
"""The IANA registries of special-purpose addresses (RFC 6890). Mapped and translated IPv4 is outside 2000::/3."""


@dataclass(frozen=True, slots=True)
class Location:
    """A URL taken apart. `host` is a name or an address, without brackets; `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Return what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def locate(uri: str, *, public: bool) -> Location:
    """Return the parts of a URL; unless `public` also one by http, and at any port.

    Raises JwksUriRejected: `url`, `scheme` or `port`.
    """
    parts = _URI.fullmatch(uri) if len(uri) <= MAX_URI else None
    host = parts["host"] if parts else ""
    if parts is None or not _is_host(host):
        raise JwksUriRejected("url", "Give a plain URL: https://name/path, without user, fragment or odd characters.")
    scheme = parts["scheme"]
    if scheme not in (("https",) if public else _PORTS):
        raise JwksUriRejected("scheme", "The URL must be https.")
    port = int(parts["port"] or _PORTS[scheme])
    if (public and port != _HTTPS_PORT) or not 0 < port <= _MAX_PORT:
        raise JwksUriRejected("port", "The port must be 443.")
    return Location(scheme, host.strip("[]").lower(), port, parts["target"] or "/")


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public Internet; False for any text that is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _NOT_PUBLIC)
    if parsed.scope_id is not None or parsed not in _PUBLIC_V6:
        return False
    return not any(parsed in network for network in _NOT_PUBLIC_V6)


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return len(host) <= _MAX_NAME and _NAME.fullmatch(host) is not None
    return True
