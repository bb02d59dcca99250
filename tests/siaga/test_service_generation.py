"""A configuration at work: what its runs need, and that its engines end when nobody needs them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.places import NOTHING, Lane
from siaga import service_generation
from siaga.config import Config, load
from siaga.parts import SecretMissingError
from siaga.service_generation import Generation, planned_probes
from storage.database import Database
from storage.values import Planned, Run, RunState

TEXT = """
[trunk.pstn]
registrar = "sip:127.0.0.1:9"
channels = 3
[dial]
allow = ["1500"]
"""


def probe(name: str, more: str = "", channel: str = "sip", to: str = "1500") -> str:
    return (
        f'[[probe]]\nname = "{name}"\nchannel = "{channel}"\nto = "{to}"\n{more}\nscript = [{{ expect = "answer" }}]\n'
    )


def written(folder: Path, *probes: str, head: str = TEXT) -> Config:
    (folder / "siaga.toml").write_text(head + "".join(probes), "utf-8")
    return load(folder / "siaga.toml")


def planned(name: str) -> Planned:
    now = datetime.now(UTC)
    return Planned(
        run_id="x", probe=name, channel="sip", service=None, skill=None, trigger="schedule", slot=now, due=now,
        expires=now + timedelta(hours=1),
    )  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'siaga.db'}")
    yield database
    database.close()


def test_a_run_needs_its_target_and_a_channel_of_its_trunk(tmp_path: Path, database: Database) -> None:
    config = written(
        tmp_path, probe("a", 'trunk = "pstn"\nservice = "s"\nskill = "k"'), probe("b", to="sip:1500@127.0.0.1"),
        probe("mati", 'trunk = "pstn"\nenabled = false'),
    )  # fmt: skip
    generation = Generation(config, database)
    assert generation.needs(planned("a")).lease == "skill:s/k"
    assert generation.needs(planned("a")).lane == Lane("pstn", 3)
    assert generation.needs(planned("b")).lane is None
    assert generation.needs(planned("mati")) == generation.needs(planned("tidak-ada")) == NOTHING


def test_only_what_is_due_by_itself_is_planned(tmp_path: Path) -> None:
    to = "sip:1500@127.0.0.1"
    config = written(
        tmp_path, probe("a", 'every = "30m"', to=to), probe("b", to=to),
        probe("c", 'every = "30m"\nenabled = false', to=to), head="",
    )  # fmt: skip
    assert [(p.name, p.every, p.spread_s) for p in planned_probes(config)] == [("a", timedelta(minutes=30), 360.0)]


def test_a_secret_that_is_not_there_is_said_before_anything_changes(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UJI_TIDAK_ADA", raising=False)
    head = TEXT.replace("channels = 3", 'username = "u"\npassword = { env = "UJI_TIDAK_ADA" }')
    with pytest.raises(SecretMissingError, match="UJI_TIDAK_ADA"):
        Generation(written(tmp_path, probe("a", 'trunk = "pstn"'), head=head), database)


async def test_a_run_by_hand_whose_target_stayed_busy_is_inconclusive(tmp_path: Path, database: Database) -> None:
    generation = Generation(written(tmp_path, probe("a", to="sip:1500@127.0.0.1"), head=""), database)
    asked = replace(planned("a"), run_id="20261120T010000Z-aaaaaa", trigger="manual", slot=None)
    runs = generation.parts.runs()
    runs.submit(asked)
    run = Run(planned=asked, state=RunState.QUEUED, owner="me", started_at=None)
    assert await generation.give_up(run)
    entry = runs.entry(asked.run_id)
    assert entry is not None
    assert (entry.state, entry.verdict, entry.reason) == (RunState.DONE, "inconclusive", "lease_busy")
    assert not await generation.give_up(replace(run, planned=replace(asked, probe="tidak-ada")))
    await generation.retire()


async def test_an_old_configuration_lives_until_its_last_run_has_ended(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = Generation(written(tmp_path, probe("a", to="sip:1500@127.0.0.1"), head=""), database)
    playing, may_end, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def play(*_: object, **__: object) -> None:
        playing.set()
        await may_end.wait()

    async def close() -> None:
        closed.set()

    monkeypatch.setattr(service_generation, "execute", play)
    monkeypatch.setattr(generation.parts, "close", close)
    run = Run(planned=planned("a"), state=RunState.RUNNING, owner="o", started_at=None)
    run_on = asyncio.ensure_future(generation.play(run, asyncio.get_running_loop().create_future()))
    await playing.wait()
    await generation.retire()
    assert not closed.is_set()
    may_end.set()
    await run_on
    assert closed.is_set()


async def test_a_probe_that_was_taken_out_after_its_run_was_claimed_is_played_all_the_same(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, played = "sip:1500@127.0.0.1", []

    async def play(_run: object, order: object, *_: object, **__: object) -> None:
        played.append(order)

    monkeypatch.setattr(service_generation, "execute", play)
    before = Generation(written(tmp_path, probe("a", to=to), head=""), database)
    after = Generation(written(tmp_path, probe("b", to=to), head=""), database, before)
    run = Run(planned=planned("a"), state=RunState.RUNNING, owner="o", started_at=None)
    await after.play(run, asyncio.get_running_loop().create_future())
    assert len(played) == 1
    assert after.needs(planned("a")) == NOTHING
