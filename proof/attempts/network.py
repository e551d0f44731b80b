"""Attempts to send a mark to somebody else: every transport, every spelling of an address, every form of DNS.

Standard library only. Each returns what came back, or raises the `OSError` that stopped it.
"""

import socket
import struct
import subprocess
import urllib.error
import urllib.request

_PATIENCE_S = 2.0


def tcp(host: str, port: str, mark: str) -> str:
    """A stream to an address or name, in whatever spelling."""
    with socket.create_connection((host, int(port)), timeout=_PATIENCE_S) as peer:
        peer.sendall(f"{mark}\n".encode())
        return peer.recv(100).decode("latin-1")


def spelled(address: str, port: str, mark: str) -> str:
    """A stream to an IPv4 address as inet_aton(3) reads it: decimal, octal, hexadecimal, short."""
    plain = socket.inet_ntoa(socket.inet_aton(address))
    return tcp(plain, port, mark)


def udp(host: str, port: str, mark: str) -> None:
    """One datagram."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as peer:
        peer.sendto(mark.encode(), (host, int(port)))


def multicast(group: str, port: str, mark: str) -> None:
    """One datagram to everybody who listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        peer.sendto(mark.encode(), (group, int(port)))


def raw(host: str, protocol: str, mark: str) -> None:
    """One packet of a bare IP protocol; an echo request where that is ICMP (RFC 792, RFC 4443)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    number = int(protocol)
    content = mark.encode()
    if number in {1, 58}:
        content = _echo_request(8 if number == 1 else 128, content)
    with socket.socket(family, socket.SOCK_RAW, number) as peer:
        peer.sendto(content, (host, 0))


def _echo_request(kind: int, content: bytes) -> bytes:
    content += b"\0" * (len(content) % 2)
    head = struct.pack("!BBHHH", kind, 0, 0, 1, 1)
    total = sum(struct.unpack(f"!{len(head + content) // 2}H", head + content))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return struct.pack("!BBHHH", kind, 0, ~total & 0xFFFF, 1, 1) + content


def resolve(name: str, mark: str) -> str:
    """The system's own resolver (getaddrinfo): a name that holds the mark goes to whoever answers DNS."""
    # The canary answers that there is no such name, so this raises in any case: what counts is what it heard.
    return str(socket.getaddrinfo(f"{mark}.{name}", 80))


def resolve_by_program(name: str, mark: str) -> str:
    """Another program that resolves names."""
    command = ["getent", "ahosts", f"{mark}.{name}"]
    done = subprocess.run(command, capture_output=True, timeout=10, check=False)
    if done.returncode:
        raise ConnectionError(f"getent ended with {done.returncode}")
    return "resolved"


def dns(host: str, port: str, transport: str, mark: str) -> str:
    """A hand-made DNS question, as a datagram or a stream (RFC 1035, 4.2)."""
    labels = b"".join(bytes([len(word)]) + word.encode() for word in (mark, "example", "com"))
    question = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 16, 1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as peer:
        peer.settimeout(_PATIENCE_S)
        peer.connect((host, int(port)))
        peer.sendall(question if transport == "udp" else struct.pack("!H", len(question)) + question)
        return f"{len(peer.recv(512))} bytes"


def http(
    *, host: str, port: str, method: str, target: str, mark: str, header: str = "", body: str = ""
) -> str:
    """An ordinary HTTP client, with the mark wherever it was put."""
    spelled_host = f"[{host}]" if ":" in host else host
    request = urllib.request.Request(
        f"http://{spelled_host}:{port}{target}", data=body.encode() or None, method=method
    )
    request.add_header("accept", header or "*/*")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_PATIENCE_S) as answer:
            return f"{mark}: {answer.status}"
    except urllib.error.HTTPError as answered:
        return f"{mark}: {answered.code}"


def shell(host: str, port: str, mark: str) -> str:
    """The shell's own sockets (bash): no library of ours is involved."""
    command = f"echo {mark} > /dev/tcp/{host}/{port}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=10, check=False)
    if done.returncode:
        raise ConnectionError(done.stderr.decode("latin-1").strip().rpartition(": ")[2])
    return "sent"
