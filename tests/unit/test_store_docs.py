"""docs/data-format.md names every field and column there is."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields

from probe.judge import SelfTest
from probe.model import (
    appstore,
    baseline,
    fact,
    measurement,
    observation,
    options,
    quic,
    transfer,
    verdict,
    vpn,
    who,
    zone,
)
from probe.model.words import ReasonCode
from probe.pipeline.selftest import Errors
from probe.report import words
from probe.report.columns import VERDICT_COLUMNS
from probe.report.service_columns import SERVICE_COLUMNS
from probe.store import OwnValues, Redactor, RunFolder
from probe.targets import fields as catalogue
from probe.targets.inputs import EXPERIMENT_OF
from unit.a_run import a_measurement

TEXT = (Path(__file__).parents[2] / "docs" / "data-format.md").read_text()
NAMED = set(re.findall(r"`([a-z0-9_]+)`", TEXT))


@pytest.mark.parametrize(
    "record",
    [
        measurement.Measurement,
        measurement.VantagePoint,
        observation.DNSLookup,
        observation.DNSReply,
        observation.TCPConnect,
        observation.TCPInfo,
        observation.ICMPError,
        observation.TLSHandshake,
        observation.Certificate,
        observation.HTTPRoundTrip,
        observation.NetworkEvent,
        observation.ControlAnswer,
        observation.EndpointAnswer,
        observation.LocalFact,
        quic.QUICHandshake,
        vpn.VPNExchange,
        zone.ZoneAnswer,
        zone.ZoneChain,
        appstore.StoreAnswer,
        fact.RegistryAnswer,
        fact.PathHop,
        fact.PathTrace,
        who.WhoAnswer,
        transfer.Transfer,
        transfer.TCPSample,
        transfer.Receipt,
        verdict.Verdict,
        verdict.ServiceVerdict,
        options.RunRecord,
        options.RunOptions,
        baseline.Baseline,
        baseline.TargetBaseline,
        SelfTest,
        Errors,
    ],
)
def test_every_field_of_a_record_is_described(record: type[Any]) -> None:
    assert {field.name for field in fields(record)} - NAMED == set()


def test_every_column_and_every_field_of_the_catalogue_is_described() -> None:
    columns = {column.name for column in VERDICT_COLUMNS} | {column.name for column in SERVICE_COLUMNS}
    assert (columns | set(catalogue.SERVICE) | set(catalogue.ENDPOINT)) - NAMED == set()


def test_every_reason_code_is_described_as_a_person_is_told() -> None:
    assert [code for code in ReasonCode if f"| `{code}` | {words.REASONS[code]} |" not in TEXT] == []


def test_every_kind_of_input_and_every_experiment_that_a_catalogue_may_name_is_described() -> None:
    table = TEXT.partition("| in `[[endpoint]]` | |")[2].partition("| `role`")[0]
    kinds = {scheme for scheme, experiment in EXPERIMENT_OF.items() if f"{scheme}://" not in table}
    assert kinds == set()
    assert {each for each in catalogue.EXPERIMENTS if f"`{each}`" not in table} == set()


def test_the_program_that_checks_the_chain_is_right(tmp_path: Path) -> None:
    program = TEXT.partition("<<'EOF'\n")[2].partition("\nEOF")[0]
    with RunFolder.create(tmp_path, "r", redactor=Redactor(OwnValues())) as run:
        for number in range(3):
            run.append(a_measurement(measurement_uid=str(number)))
    path = run.path / "measurements.jsonl"

    def checked() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked().stdout.startswith("3 lines, last hash ")
    path.write_bytes(path.read_bytes().replace(b'"measurement_uid":"1"', b'"measurement_uid":"9"'))
    assert "line 3" in checked().stderr
