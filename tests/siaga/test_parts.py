"""The composition root: what a configuration becomes, and what a run needs leave for."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from probe.outcome import Evidence
from probe.quality import QualityLimits
from probe.reasons import Reason, Verdict
from scheduler.house import NotNowError
from siaga.config import Config, load
from siaga.parts import Parts, SecretMissingError, keep, order_of
from storage.database import Database
from storage.values import Cause
from tests.scheduler.house import order
from tests.siaga.test_watching import RECORD

WAIT_S = 0.1
"""How long a test waits for a channel of a trunk."""


def load_with(config: Path, old: str, new: str) -> Config:
    text = config.read_text("utf-8")
    assert old in text
    config.write_text(text.replace(old, new), "utf-8")
    return load(config)


def test_an_order_says_everything_the_probe_says(config: Path) -> None:
    found = load(config)
    wanted = found.probe("lewat-trunk")
    assert wanted is not None
    made = order_of(wanted, found)
    assert (made.probe, made.channel, made.to, made.trunk) == ("lewat-trunk", "sip", "+62215001234", "line")
    assert (made.script, made.cap_s) == (wanted.script, 62.0)
    assert (made.prompts, made.sounds) == (config.parent / "prompts", config.parent / "sounds")
    assert (made.language, made.trigger, made.slot) == ("en", "cli", None)


def test_a_number_is_dialled_as_the_trunk_wants_it(config: Path) -> None:
    found = load(config)
    wanted = found.probe("lewat-trunk")
    assert wanted is not None
    assert Parts(found, ["line"]).house.admit(order_of(wanted, found)) == "0215001234"


async def test_without_room_in_the_ledger_nothing_may_be_dialled(config: Path) -> None:
    parts = Parts(load_with(config, 'allow = ["+6221*"]', 'allow = ["+6221*"]\nmax_calls_per_hour = 2'))
    async with parts.house.leave(order(), "run-1", WAIT_S), parts.house.leave(order(), "run-2", WAIT_S):
        with pytest.raises(NotNowError, match="max_calls_per_hour") as no:
            async with parts.house.leave(order(), "run-3", WAIT_S):
                pytest.fail("a third call was let through")
    assert no.value.reason is Reason.BUDGET
    await parts.house.close()


async def test_a_call_that_has_ended_still_counts(config: Path) -> None:
    parts = Parts(load_with(config, 'allow = ["+6221*"]', 'allow = ["+6221*"]\nmax_calls_per_hour = 1'))
    async with parts.house.leave(order(), "run-1", WAIT_S):
        await asyncio.sleep(0.002)
    with pytest.raises(NotNowError):
        await AsyncExitStack().enter_async_context(parts.house.leave(order(), "run-2", WAIT_S))
    await parts.house.close()


async def test_when_every_channel_of_the_trunk_is_taken_the_run_says_so(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siaga.parts.shared_folder", lambda name: tmp_path / name)
    found = load(config)
    wanted = found.probe("lewat-trunk")
    assert wanted is not None
    mine, theirs = Parts(found, ["line"]), Parts(found, ["line"])
    asked = order_of(wanted, found)
    async with mine.house.leave(asked, "run-1", WAIT_S):
        with pytest.raises(NotNowError, match="trunk line: all 1 channels busy") as no:
            async with theirs.house.leave(asked, "run-2", WAIT_S):
                pytest.fail("a second call on a trunk of one channel")
    assert no.value.reason is Reason.LEASE_BUSY
    async with theirs.house.leave(asked, "run-3", WAIT_S):
        pass
    await mine.house.close()
    await theirs.house.close()


async def test_a_database_that_cannot_be_used_is_our_side_with_a_sentence(config: Path) -> None:
    (config.parent / "siaga.db").mkdir()
    parts = Parts(load(config))
    with pytest.raises(NotNowError, match=r"siaga\.db") as no:
        async with parts.house.leave(order(), "run-1", WAIT_S):
            pytest.fail("dialled without a ledger")
    assert no.value.reason is Reason.INTERNAL_ERROR
    await parts.house.close()


async def test_a_call_whose_length_cannot_be_entered_was_played_all_the_same(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    parts = Parts(load_with(config, 'allow = ["+6221*"]', 'allow = ["+6221*"]\nmax_calls_per_hour = 1'))
    monkeypatch.setattr("siaga.parts.Ledger.settle", broken)
    async with parts.house.leave(order(), "run-1", WAIT_S):
        pass
    with pytest.raises(NotNowError, match="max_calls_per_hour"):
        await AsyncExitStack().enter_async_context(parts.house.leave(order(), "run-2", WAIT_S))
    await parts.house.close()


def test_a_folder_of_evidence_is_named_after_the_day_at_the_centre(config: Path) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # already the next day in Jakarta
    folder = Parts(load(config)).house.folder("20261120T233000Z-abcdef", late)
    assert folder == config.parent / "evidence" / "2026-11-21" / "20261120T233000Z-abcdef"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_result_lies_beside_the_recording_and_is_named_in_the_record(tmp_path: Path) -> None:
    recording = tmp_path / "recording.wav"
    recording.write_bytes(b"RIFF")
    recording.chmod(0o644)
    found = Evidence("recording", recording, "told by the channel")
    kept = keep(replace(RECORD, outcome=replace(RECORD.outcome, evidence=(found,))), tmp_path)
    sealed, result = kept.outcome.evidence
    assert sealed == Evidence("recording", recording, hashlib.sha256(b"RIFF").hexdigest())
    assert recording.stat().st_mode & 0o777 == 0o600
    assert (result.kind, result.path) == ("result", tmp_path / "result.json")
    written = json.loads(result.path.read_text("utf-8"))
    assert written["evidence"] == [{"kind": "recording", "path": str(recording), "sha256": sealed.sha256}]


def kept_under(
    config: Path, pages: str, verdict: Verdict, before: Callable[[Path], object] = lambda _: None
) -> list[str]:
    """Names of the files that a run leaves with this policy; ``before`` it is kept, something happens to its folder."""
    config.write_text(f'{config.read_text("utf-8")}\n[evidence]\npages = "{pages}"\n', "utf-8")
    parts = Parts(load(config))
    folder = parts.house.folder("20261120T083000Z-abcdef", datetime(2026, 11, 20, tzinfo=UTC))
    record = replace(RECORD, outcome=replace(RECORD.outcome, verdict=verdict, evidence=()))
    before(folder)
    return [item.path.name for item in parts.house.keep(record, folder).outcome.evidence]


@pytest.mark.parametrize(
    ("pages", "verdict", "written"),
    [
        ("none", Verdict.FAIL, False),
        ("failures", Verdict.FAIL, True),
        ("failures", Verdict.PASS, False),
        ("all", Verdict.PASS, True),
    ],
)
def test_a_page_is_written_where_the_policy_asks_for_it(
    config: Path, pages: str, verdict: Verdict, written: bool
) -> None:
    assert kept_under(config, pages, verdict) == ["result.json", *(["page.html"] if written else [])]


def test_a_page_that_cannot_be_made_costs_the_page_alone(config: Path) -> None:
    def block(folder: Path) -> None:
        (folder / "page.html").mkdir()

    with capture_logs() as logs:
        assert kept_under(config, "all", Verdict.FAIL, before=block) == ["result.json"]
    [said] = [entry["said"] for entry in logs if "said" in entry]
    assert "page.html cannot be written" in said, "its process said why"


def test_a_page_that_takes_too_long_costs_the_page_alone(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siaga.call_page_kept.WITHIN_S", 0.001)
    assert kept_under(config, "all", Verdict.FAIL) == ["result.json"]


def test_a_page_is_made_as_the_configuration_in_force_says_whatever_the_file_says_by_now(config: Path) -> None:
    def spoil(_: Path) -> None:
        config.write_text("not a configuration any more", "utf-8")

    assert kept_under(config, "all", Verdict.FAIL, before=spoil) == ["result.json", "page.html"]


def test_a_trunk_whose_password_is_not_there_is_named(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIAGA_TEST_PASSWORD", raising=False)
    secret = 'register = false\nusername = "u"\npassword = { env = "SIAGA_TEST_PASSWORD" }'
    found = load_with(config, "register = false", secret)
    Parts(found)
    with pytest.raises(SecretMissingError, match=r"trunk\.line\.password: .*SIAGA_TEST_PASSWORD"):
        Parts(found, ["line"])


async def test_the_house_lets_agents_go_as_the_configuration_says(config: Path) -> None:
    assert Parts(load(config)).house.max_agent_s == 20.0
    courteous = load_with(config, "[dial]", "[courtesy]\nmax_agent_s = 7.5\n[dial]")
    assert Parts(courteous).house.max_agent_s == 7.5


async def test_the_limits_of_the_line_and_its_tones_reach_the_run(config: Path) -> None:
    strict = load_with(config, "[dial]", '[line]\ncountry = ["id", "sg"]\nmos = 4.0\nquiet_dbm0 = -30\n[dial]')
    assert Parts(strict).house.limits == QualityLimits(mos=4.0, quiet_dbm0=-30.0)
    assert order_of(strict.probes[0], strict).tones == ("id", "sg")


async def test_a_lent_database_is_left_open_and_waited_for(config: Path, tmp_path: Path) -> None:
    lent = Database(f"sqlite:///{tmp_path / 'lent.db'}")
    parts = Parts(load(config), database=lent)
    assert parts.house.patience_s == math.inf
    assert parts.database() is lent
    await parts.house.close()
    with lent.read():
        pass
    lent.close()


async def test_entries_carry_the_version_and_the_fingerprint_of_the_file(config: Path) -> None:
    found = load(config)
    parts = Parts(found)
    runs = parts.house.runs()
    now = datetime.now(UTC)
    runs.submit(order().planned("run-1", now, now))
    entry = runs.miss("run-1", Cause.DOWN)
    assert entry is not None
    assert entry.config == found.fingerprint
    assert entry.version == metadata.version("siaga")
    await parts.house.close()
