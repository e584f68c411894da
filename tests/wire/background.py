"""A second flow on the link: `python -m wire.background ADDRESS [SOURCE]` downloads until it is ended."""

from __future__ import annotations

import socket
import sys
import time

FLOOD_PORT = 5001


def main(address: str, source: str = "") -> None:
    """Download from the flood port of the address for ever, from one of this machine's addresses perhaps."""
    while True:
        try:
            with socket.create_connection(
                (address, FLOOD_PORT), 10, source_address=(source, 0) if source else None
            ) as sock:
                sock.sendall(b"GET /1000000000000 HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n")
                while sock.recv(1 << 20):
                    pass
        except OSError:
            time.sleep(0.2)  # the link is not up yet, or lost its patience; the next flow may do better


if __name__ == "__main__":
    main(*sys.argv[1:])
