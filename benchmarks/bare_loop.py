"""The least that the same handshakes and requests cost: `ssl`, sockets, and nothing else, one after another.

    python -m benchmarks.bare_loop JOBS.json

JOBS.json holds `[address, name, paths]` a handshake: connect to the address, shake hands with chain and name
verified, GET each path over HTTP/1.1 and read the whole answer. One line of JSON comes out: how many of
each succeeded, and the seconds of CPU from the first to the last, start-up left out.
"""

import json
import resource
import socket
import ssl
import sys
from pathlib import Path

PORT = 443
TIMEOUT_S = 10.0


def cpu_s() -> float:
    """Return the user and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def visit(context: ssl.SSLContext, address: str, name: str, paths: list[str]) -> int:
    """Shake hands once and ask for the paths; return how many answered."""
    answered = 0
    with socket.create_connection((address, PORT), TIMEOUT_S) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(raw, server_hostname=name) as secured:
            for path in paths:
                secured.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\n\r\n".encode())
                answer = secured.recv(65536)
                while b"\r\n\r\n" not in answer:
                    answer += secured.recv(65536)
                head, _, body = answer.partition(b"\r\n\r\n")
                lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
                length = int(lines.get(b"content-length", 0))
                while len(body) < length and (more := secured.recv(65536)):
                    body += more
                answered += len(body) == length
    return answered


def main() -> None:
    """Do all of it; print what it came to."""
    jobs = json.loads(Path(sys.argv[1]).read_text())
    context = ssl.create_default_context()
    handshakes = requests = 0
    began = cpu_s()
    for address, name, paths in jobs:
        requests += visit(context, address, name, paths)
        handshakes += 1
    print(json.dumps({"handshakes": handshakes, "requests": requests, "cpu_s": cpu_s() - began}))


if __name__ == "__main__":
    main()
