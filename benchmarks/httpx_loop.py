"""What a user would write with httpx: so many workers, each URL asked once, one line of JSON for each.

    python -m benchmarks.httpx_loop URLS.txt [--workers 16]

A line says whether it answered, over which address, and what httpx calls the time of the connect: from the
beginning of its `connect_tcp` to the end, the look-up of the name in it, for it tells the two not apart.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx

TIMEOUT_S = 10.0


async def ask(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Ask for one URL and read the whole answer; a failure is told, not raised."""
    began: dict[str, float] = {}
    took: dict[str, float] = {}

    async def trace(event: str, _: object) -> None:
        name, _, what = event.rpartition(".")
        if what == "started":
            began[name] = time.perf_counter()
        elif what == "complete":
            took[name] = time.perf_counter() - began[name]

    told: dict[str, Any] = {"url": url, "status": 0}
    try:
        async with client.stream("GET", url, extensions={"trace": trace}) as response:
            told["address"], told["port"] = response.extensions["network_stream"].get_extra_info(
                "server_addr"
            )[:2]
            await response.aread()
            told["status"] = response.status_code
    except httpx.HTTPError as error:
        told["failure"] = type(error).__name__
    told["connect_s"] = took.get("connection.connect_tcp")
    return told


async def work(client: httpx.AsyncClient, urls: asyncio.Queue[str]) -> None:
    """Take URLs until there are no more."""
    while not urls.empty():
        told = await ask(client, urls.get_nowait())
        print(json.dumps(told), flush=True)


async def everything(urls: list[str], workers: int) -> None:
    """Ask for all of them, so many at once."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    for url in urls:
        queue.put_nowait(url)
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client, asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work(client, queue))


def main() -> None:
    """Read the URLs, ask."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("urls", type=Path)
    parser.add_argument("--workers", type=int, default=16)
    asked = parser.parse_args()
    asyncio.run(everything(asked.urls.read_text().split(), asked.workers))


if __name__ == "__main__":
    main()
