"""A volunteer in every spelling a server could send back, and the search for them in any kind of file."""

from __future__ import annotations

import base64
import ipaddress
import subprocess
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote
from zipfile import ZipFile, is_zipfile

FOUR, SIX = "203.0.113.77", "2001:db8:12:34:211:22ff:fe33:4455"
INNER, CARRIER = "192.168.1.23", "100.64.7.8"
USER, HOST, HOME = "ivanova", "IVANOVA-PC", "/home/ivanova"


def _four(text: str) -> dict[str, str]:
    """Return spellings of an IPv4 address, by what they are called."""
    parts = [int(part) for part in text.split(".")]
    number = int(ipaddress.IPv4Address(text))
    hexed = f"{number:08x}"
    return {
        "plain": text,
        "filled up": ".".join(f"{part:03}" for part in parts),
        "decimal": str(number),
        "hex": hexed,
        "hex in capitals": hexed.upper(),
        "hex with 0x": f"0x{hexed}",
        "hex by parts": ".".join(f"{part:#x}" for part in parts),
        "octal": f"0{number:o}",
        "octal by parts": ".".join(f"0{part:o}" for part in parts),
        "reversed": ".".join(map(str, reversed(parts))) + ".in-addr.arpa",
        "dashed": "-".join(map(str, parts)) + ".pppoe.example",
        "dashed and reversed": "-".join(map(str, reversed(parts))) + ".dyn.example",
        "underscored": "host_" + "_".join(map(str, reversed(parts))),
        "in a URL": f"http://{text}/x",
        "percent": text.replace(".", "%2E"),
        "percent all": "".join(f"%{ord(c):02x}" for c in text),
        "percent twice": text.replace(".", "%252E"),
        "entities": text.replace(".", "&#46;"),
        "entities twice": text.replace(".", "&amp;#46;"),
        "escapes": text.replace(".", "\\u002e"),
        "mapped": f"::ffff:{text}",
        "mapped in hex": f"::ffff:{hexed[:4]}:{hexed[4:]}",
        "base64": base64.b64encode(text.encode()).decode(),
        "base64 within": base64.b64encode(f'{{"ip": "{text}"}}'.encode()).decode(),
        "UTF-16": "".join(f"{c}\0" for c in text),
    }


def _six(text: str) -> dict[str, str]:
    address = ipaddress.IPv6Address(text)
    return {
        "plain": text,
        "in capitals": text.upper(),
        "expanded": address.exploded,
        "in brackets": f"[{text}]:443",
        "reversed": address.reverse_pointer,
        "dashed": text.replace(":", "-") + ".pool.example",
        "percent": quote(text, safe=""),
        "base64": base64.b64encode(text.encode()).decode(),
        "UTF-16": "".join(f"{c}\0" for c in text),
    }


WHO = {
    "MAC": "00:11:22:33:44:55",
    "MAC dashed": "00-11-22-33-44-55",
    "MAC dotted": "0011.2233.4455",
    "UUID": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "mail": "ivanova@mail.example",
    "telephone": "+7 916 123-45-67",
    "user": USER,
    "user in base64": base64.b64encode(f"user {USER}".encode()).decode(),
    "machine": HOST,
    "machine in small letters": HOST.lower(),
    "home": f"{HOME}/keys",
    "home in percent": quote(f"{HOME}/keys", safe=""),
    "account": "https://lk.example/?login=subscriber77&x=1",
    "bearer": "Bearer subscriber77-token.of-mine",
}
FORMS = {
    **{f"IPv4 {name}": text for name, text in _four(FOUR).items()},
    **{f"inner {name}": text for name, text in _four(INNER).items()},
    **{f"carrier's {name}": text for name, text in _four(CARRIER).items()},
    **{f"IPv6 {name}": text for name, text in _six(SIX).items()},
    **WHO,
}
"""By what each is called. Each is sent with a space on either side."""
COOKIE = "sid=subscriber77-cookie-of-mine"


def _needles() -> dict[str, str]:
    """Return what is looked for: the forms, without the words around a value that may stay."""
    cut = {"account": "subscriber77", "bearer": "subscriber77-token.of-mine", "cookie": COOKIE[4:]}
    around = (".in-addr.arpa", ".ip6.arpa", ".pppoe.example", ".dyn.example", ".pool.example", "/x")
    found = {}
    for name, text in {**FORMS, **cut}.items():
        needle = text.removeprefix("host_").removeprefix("http://")
        for more in around:
            needle = needle.removesuffix(more)
        found[name] = needle
    return found


NEEDLES = _needles()


def found_in(path: Path) -> set[tuple[str, str]]:
    """Return name of file, or of what lies in it, and form for each that is there."""
    return {
        (name, form)
        for name, content in _contents(path.name, path.read_bytes())
        for form, text in NEEDLES.items()
        if any(needle in content.lower() for needle in _spelled(text))
    }


def _spelled(text: str) -> tuple[bytes, ...]:
    lowered = text.lower()
    json = lowered.replace("\0", "\\u0000")
    return lowered.encode(), lowered.encode("utf-16-le"), json.encode()


def _contents(name: str, content: bytes) -> list[tuple[str, bytes]]:
    """Return a file and what lies in it: members of a zip, text and attachments of a PDF."""
    found = [(name, content)]
    if is_zipfile(BytesIO(content)):
        with ZipFile(BytesIO(content)) as archive:
            for member in archive.namelist():
                found += _contents(f"{name}/{member}", archive.read(member))
    if content.startswith(b"%PDF-"):
        found += _of_pdf(name, content)
    return found


def _of_pdf(name: str, content: bytes) -> list[tuple[str, bytes]]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.pdf"
        file.write_bytes(content)
        text = subprocess.run(
            ["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True
        ).stdout
        subprocess.run(["pdfdetach", "-saveall", "-o", folder, str(file)], capture_output=True, check=True)
        inside = [path for path in Path(folder).iterdir() if path != file]
        assert text.strip()
        return [(f"{name}/text", text), *((f"{name}/{path.name}", path.read_bytes()) for path in inside)]
