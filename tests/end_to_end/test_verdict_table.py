"""The contract's table "Verdict, stage, reason" for calls: every row by a real far end, through the program."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end import table
from tests.end_to_end.program import Ran
from tests.end_to_end.rows import ROWS, Row
from tests.farends import dialplan
from tests.farends.asterisk import Asterisk

pytestmark = [pytest.mark.farend, pytest.mark.usefixtures("sipp_here")]

KEYS = (
    "run_id probe channel target service skill slot trigger started_at ended_at verdict stage reason owner message "
    "accessibility availability timings steps agent media evidence"
).split()
TIMINGS = "pdd_s setup_s time_to_greeting_s menu_s queue_s time_to_agent_s total_s".split()
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WITHOUT_A_CALL = {"budget", "lease_busy"}
"""Reasons of runs that never dialled: they leave no trace of a call."""


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Ran | BaseException]]:
    """The rows that this session asks for, all played, a few at a time."""
    chosen = [item.callspec.params.get("row") for item in request.session.items if hasattr(item, "callspec")]
    rows = [row for row in ROWS if row in chosen]
    with table.staged(rows, asterisk, tmp_path_factory.mktemp("tabel")) as stage:
        yield table.play(rows, stage)


def record_of(row: Row, played: dict[str, Ran | BaseException]) -> tuple[int, dict[str, Any]]:
    ran = played[row.name]
    if isinstance(ran, table.NoNamespaces):
        pytest.skip(str(ran))
    if isinstance(ran, BaseException):
        raise ran
    return ran.exit_code, ran.record


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_a_far_end_does_becomes_the_verdict_of_the_contract(
    row: Row, played: dict[str, Ran | BaseException]
) -> None:
    exit_code, record = record_of(row, played)
    found = {key: record[key] for key in ("verdict", "stage", "reason", "owner", "accessibility", "availability")}
    wanted = {key: getattr(row, key) for key in found}
    assert found == wanted, _story(record)
    assert exit_code == row.exit_code
    _check_form(row, record)
    _check_evidence(row, record)


@pytest.mark.parametrize("row", [row for row in ROWS if row.reason == "redirected"], ids=lambda row: row.name)
def test_a_redirection_is_never_followed(row: Row, played: dict[str, Ran | BaseException], asterisk: Asterisk) -> None:
    assert record_of(row, played)[1]["reason"] == "redirected"
    assert not asterisk.traces(dialplan.REDIRECT_TARGET)


def _check_form(row: Row, record: dict[str, Any]) -> None:
    assert list(record) == KEYS
    assert list(record["timings"]) == TIMINGS
    assert record["probe"] == row.name
    assert record["trigger"] == "cli"
    assert record["message"]
    assert all(INSTANT.fullmatch(record[key]) for key in ("started_at", "ended_at"))
    assert len(record["steps"]) == len(row.script)


def _check_evidence(row: Row, record: dict[str, Any]) -> None:
    kinds = {item["kind"] for item in record["evidence"]}
    wanted = {"result"} if row.reason in WITHOUT_A_CALL else {"result", "sip_trace"}
    assert kinds >= (wanted | {"recording"} if record["timings"]["setup_s"] is not None else wanted)
    for item in record["evidence"]:
        path = Path(item["path"])
        assert path.is_absolute()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == item["sha256"]


def _story(record: dict[str, Any]) -> str:
    """What a person needs to see when a verdict is wrong."""
    steps = [f"{s['step']}: {s['verdict']} {s['at_s']} +{s['took_s']} {s['detail']}" for s in record["steps"]]
    return "\n".join([record["message"], *steps, str(record["timings"]), str(record["agent"])])
