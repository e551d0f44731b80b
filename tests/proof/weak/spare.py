"""A second process that takes a channel over when its gateway dies, asking nobody. Planted in a damaged copy.

`python -m gateway.spare DESCRIPTOR PORT`, started by the gateway with its listening socket.
"""

import os
import select
import socket
import sys
import threading

_SPARE_S = 3.0


def main(descriptor: int, port: int) -> None:
    """Wait for the parent's end, then serve its socket for a while."""
    select.select([os.pidfd_open(os.getppid())], [], [])
    with socket.socket(fileno=descriptor) as listener:
        listener.setblocking(True)
        threading.Timer(_SPARE_S, os._exit, (0,)).start()
        while True:
            agent, _ = listener.accept()
            with agent, socket.create_connection(("127.0.0.1", port)) as upstream:
                upstream.sendall(agent.recv(65_536))
                agent.sendall(upstream.recv(65_536))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
