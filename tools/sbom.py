"""Write the list of what this program is made of (SBOM, CycloneDX 1.6), out of lock files and nothing else.

    python -m tools.sbom [-o FILE] [--lock requirements/core.lock] [--extras] [--wheel FILE]

Every library with its version, the hashes of all files of it that the lock allows, and who needs it. Without
a time and a serial number: the same locks give the same bytes, on every machine and without a network. With
`--extras` also what only the extras bring (asn, helper, letters, quic), as dev.lock pins it: optional.
"""

import argparse
import json
import sys
from pathlib import Path

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from tools.lock import CORE, EVERY, NAME, PROJECT, Pinned, read_extras, read_lock, with_extras
from tools.release import version_of
from tools.source import ROOT, ToolError
from tools.sums import sha256


def parts(libraries: tuple[Pinned, ...], version: str, wheel: Path | None = None) -> str:
    """Return the list as JSON, sorted. Raises ToolError where CycloneDX's own schema does not accept it."""
    program = Component(
        name=NAME,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=NAME,
        purl=PackageURL("pypi", None, NAME, version),
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256(wheel))] if wheel else None,
    )
    components = [(one, _component(one)) for one in libraries]  # a library may be there in two versions
    bom = Bom(components=[component for _one, component in components])
    bom.metadata.component = program
    for needs in (program, *bom.components):
        needed = [component for one, component in components if needs.name in one.needed_by]
        bom.register_dependency(needs, needed)
    text = _without_chance(JsonV1Dot6(bom).output_as_string(indent=2))
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ToolError(f"This is no CycloneDX: {str(wrong)[:300]}")
    return text


def _component(one: Pinned) -> Component:
    purl = PackageURL("pypi", None, one.name, one.version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in one.hashes],
        comment="each file of this version that may be installed",
    )
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{one.name}@{one.version}",
        purl=purl,
        scope=ComponentScope.OPTIONAL if one.marker or one.extras else ComponentScope.REQUIRED,
        external_references=[files],
        properties=[
            *([Property(name=f"{NAME}:marker", value=one.marker)] if one.marker else []),
            *(Property(name=f"{NAME}:extra", value=extra) for extra in one.extras),
        ],
    )


def _without_chance(text: str) -> str:
    """Take out what the library adds of the moment: the time, and a number drawn by chance."""
    told = json.loads(text)
    told.pop("serialNumber", None)
    told["metadata"].pop("timestamp", None)
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the list; return 1 where a lock cannot be read."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, help="the file (stdout)")
    parser.add_argument("--lock", type=Path, default=CORE, help="what is pinned (requirements/core.lock)")
    parser.add_argument("--extras", action="store_true", help="also what the extras bring, as optional")
    parser.add_argument("--wheel", type=Path, help="the wheel, whose hash is told then")
    asked = parser.parse_args()
    try:
        libraries = read_lock(asked.lock.read_text(encoding="utf-8"))
        if asked.extras:
            every, extras = read_lock(EVERY.read_text(encoding="utf-8")), PROJECT.read_text(encoding="utf-8")
            libraries = with_extras(libraries, every, read_extras(extras))
        text = parts(libraries, version_of(ROOT), asked.wheel)
    except (ToolError, OSError) as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 1
    if asked.output is None:
        sys.stdout.write(text)
        return 0
    begun = asked.output.with_name(f".{asked.output.name}.part")
    begun.write_text(text, encoding="utf-8", newline="\n")
    begun.replace(asked.output)
    print(f"{len(libraries)} libraries: {asked.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
