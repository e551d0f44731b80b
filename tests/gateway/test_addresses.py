"""Which addresses are dialled: every spelling, every IPv4 inside an IPv6, and names that change their answer."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from hypothesis import given, strategies as st

from gateway.addresses import AddressForbidden, guarded_socket, judge
from tests.gateway.peers import FakeUpstream, Loop
from tests.gateway.rig import Agent, Rig

NEVER = (
    *("0.0.0.0", "0.1.2.3", "255.255.255.255", "240.0.0.1", "224.0.0.1", "169.254.0.1", "169.254.255.254"),
    *(
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    ),
    *("::", "fe80::1", "fe80::1%eth0", "fe80::a9fe:a9fe%2", "ff02::1", "ff05::2", "100::1", "4000::1"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42"),
)
"""Link-local, multicast, unspecified, reserved, broadcast, metadata: with and without a zone."""

NO_ADDRESS = (
    "",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "127.0.0.1.",
    "localhost",
    "a",
)
"""What other readers of addresses understand, and `ipaddress` does not."""

V4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)
CARRIERS: dict[str, Callable[[ipaddress.IPv4Address], int]] = {
    "compatible": int,
    "mapped": lambda v4: 0xFFFF << 32 | int(v4),
    "translated": lambda v4: 0xFFFF << 48 | int(v4),
    "6to4": lambda v4: 0x2002 << 112 | int(v4) << 80 | 1,
    "Teredo client": lambda v4: 0x20010000 << 96 | (0xFFFFFFFF ^ int(v4)),
    "Teredo server": lambda v4: 0x20010000 << 96 | int(v4) << 64,
    "ISATAP": lambda v4: 0x20010DB8 << 96 | 0x5EFE << 32 | int(v4),
    "ISATAP, universal": lambda v4: 0x20010DB8 << 96 | 0x02005EFE << 32 | int(v4),
    "local NAT64": lambda v4: 0x0064FF9B0001 << 80 | int(v4),
}


@pytest.mark.parametrize("allow_loopback", [True, False])
@pytest.mark.parametrize("address", NEVER + NO_ADDRESS)
def test_what_is_never_dialled(address: str, *, allow_loopback: bool) -> None:
    """No catalogue entry opens link-local, metadata, reserved addresses or a spelling that is no address.

    Without the rule on 0.0.0.0/8, `0.1.2.3` passed; without the catch, `127.1` was a ValueError out of a socket factory.
    """
    assert judge(address, allow_loopback=allow_loopback) is not None


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1"])
def test_loopback_is_dialled_only_where_it_is_allowed(address: str) -> None:
    """Loopback in each form is for services that say so. Without the rule, all four passed."""
    assert judge(address, allow_loopback=False) is not None
    assert judge(address, allow_loopback=True) is None


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "10.0.0.1", "172.16.0.9", "192.168.1.1", "100.64.0.1"),
        *("2606:4700::1111", "fd00::1", "fd00:ec2::253", "64:ff9b::808:808"),
    ],
)
def test_the_nearest_harmless_addresses_are_dialled(address: str) -> None:
    """Public and private networks, and a public address behind NAT64."""
    assert judge(address, allow_loopback=False) is None


@pytest.mark.parametrize("form", CARRIERS)
@given(V4)
def test_ipv4_inside_ipv6_is_never_dialled(form: str, v4: ipaddress.IPv4Address) -> None:
    """Whatever it carries. Without `_carries_ipv4`, mapped, 6to4, Teredo and ISATAP forms of every address passed."""
    address = ipaddress.IPv6Address(CARRIERS[form](v4))
    if int(address) != 1:  # a compatible 0.0.0.1 is `::1`, which is loopback
        assert judge(str(address), allow_loopback=True) is not None


@given(V4)
def test_behind_nat64_counts_the_address_behind_it(v4: ipaddress.IPv4Address) -> None:
    """NAT64 opens nothing: what is refused as IPv4 is refused behind it. Judged as IPv6 alone, metadata passed."""
    behind = ipaddress.IPv6Address(0x0064FF9B << 96 | int(v4))
    assert judge(str(behind), allow_loopback=True) == judge(str(v4), allow_loopback=False)


@given(address=V6 | V4, allow_loopback=st.booleans())
def test_every_spelling_of_an_address_is_judged_alike(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, allow_loopback: bool
) -> None:
    """Short, long, upper case, with a zone: one verdict. Without the cut at `%`, a zone made every IPv6 unreadable."""
    verdict = judge(str(address), allow_loopback=allow_loopback)
    for spelling in (address.exploded, address.exploded.upper(), f"{address}%eth0"):
        assert judge(spelling, allow_loopback=allow_loopback) == verdict
    if verdict is None:
        assert not any((address.is_link_local, address.is_multicast, address.is_unspecified))


class _Rebinding(asyncio.SelectorEventLoop):
    """A loop whose DNS gives another answer each time."""

    def __init__(self, answers: list[str]) -> None:
        super().__init__()
        self.answers = answers

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> list[Any]:  # noqa: ARG002
        address = self.answers.pop(0)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]


@pytest.mark.parametrize("second", ["169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "fe80::1"])
def test_a_name_that_changes_its_answer_has_no_second_chance(second: str) -> None:
    """The very address of each dial is judged: a good answer first opens nothing for a bad one later.

    With the check at a first resolution only, the second request reached the listener at `0.0.0.0`.
    """
    neighbours = Loop()
    upstream = FakeUpstream(neighbours)
    upstream.answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

    async def ask_twice() -> None:
        connector = aiohttp.TCPConnector(
            socket_factory=guarded_socket(allow_loopback=True), use_dns_cache=False, happy_eyeballs_delay=None
        )
        async with aiohttp.ClientSession(connector=connector) as session:
            url = f"http://rebind.test:{upstream.port}/"
            async with session.get(url) as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.ClientConnectorError) as refused:
                await session.get(url)
            assert isinstance(refused.value.os_error, AddressForbidden)

    loop = _Rebinding(["127.0.0.1", second])
    try:
        loop.run_until_complete(ask_twice())
    finally:
        loop.close()
        upstream.close()
        neighbours.close()
    assert len(upstream.received) == 1


SPELLINGS = {
    "plain": "127.0.0.1",
    "name": "localhost",
    "this-host": "0.0.0.0",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped-hex": "[::ffff:7f00:1]",
    "compatible": "[::127.0.0.1]",
    "six": "[::1]",
}


def test_no_spelling_of_an_upstream_reaches_loopback(rig: Rig) -> None:
    """A service whose host is loopback, without `allow_loopback`, never reaches it. Other spellings do not load at all.

    With `judge` always content, these reached the listener.
    """
    agent = _agent_of(
        rig, "speller", {name: f"{host}:{rig.upstream.port}" for name, host in SPELLINGS.items()}
    )
    answers = {name: agent.get(f"/{name}/ask") for name in SPELLINGS}
    agent.close()
    assert {answer.status for answer in answers.values()} == {502}
    assert rig.upstream.received == []


def test_an_upstream_may_be_a_literal_ipv6_address(rig: Rig) -> None:
    """It is judged as an address like any other; without its brackets, no URL could be made of it."""
    agent = _agent_of(rig, "literal", {"literal-six": f"[::1]:{rig.upstream.port}"})
    answer = agent.get("/literal-six/ask")
    agent.close()
    assert answer.json["code"] == "upstream.unreachable"


def _agent_of(rig: Rig, role: str, places: dict[str, str]) -> Agent:
    """An agent who may ask each of these services, each at its place."""
    services, roles = rig.policies / "services.yaml", rig.policies / "roles.yaml"
    route = "ask: {method: GET, path: /ask, action: read, data: answers}"
    for name, place in places.items():
        entry = f"  {name}:\n    upstream: http://{place}\n    credential: workflow-jwt\n    routes: {{{route}}}\n"
        services.write_text(services.read_text() + entry)
    granted = f"  {role}: {{services: [{', '.join(places)}], actions: [read], data: [answers]}}\n"
    roles.write_text(roles.read_text() + granted)
    assert rig.admin.post("/policy/reload").status_code == 200
    workflow = rig.new_workflow()
    tokens = [rig.issuer.token(workflow, name, "read:answers", role=role) for name in places]
    return Agent(json.loads(next(rig.open_lease(workflow, tokens))))
