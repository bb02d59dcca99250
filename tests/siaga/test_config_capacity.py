"""Probes that cannot fit beside each other are told by day, with the figures and the way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.order import Order
from siaga.config import Config, load, verify
from siaga.config_capacity import MONDAY, _Load
from siaga.plans import plan_of

ROOT = Path(__file__).resolve().parents[2]
TRUNK = '[dial]\nallow = ["1*"]\n[trunk.t]\nproxy = "sip:sbc.example"\nchannels = {}\n'
HOURS = '[hours.day]\nmon-sun = ["08:00-16:00"]\n'


def probe(name: str, more: str = "", *, skill: str = "tier-1", every: str = "30m", cap: str = "12m") -> str:
    return (
        f'[[probe]]\nname = "{name}"\nchannel = "sip"\nto = "sip:1500@h"\nservice = "inbound"\nskill = "{skill}"\n'
        f'every = "{every}"\ncap = "{cap}"\n{more}script = [{{ expect = "agent", within = "10m" }}]\n'
    )


def checked(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "siaga.toml"
    path.write_text(text, "utf-8")
    return verify(path)


def told(tmp_path: Path, text: str) -> list[str]:
    found = [f"{w.line}:{w.path}: {w.message}" for w in checked(tmp_path, text).warnings]
    return [line for line in found if re.search("the longest runs|agents' time", line)]


def test_what_fits_is_no_matter(tmp_path: Path) -> None:
    assert told(tmp_path, probe("a") + probe("b")) == []
    assert told(tmp_path, probe("a") + probe("b", skill="tier-2") + probe("c", skill="tier-3")) == []


def test_three_long_runs_of_one_skill_do_not_fit_into_half_an_hour(tmp_path: Path) -> None:
    (line,) = told(tmp_path, probe("a") + probe("b") + probe("c", every="29m"))
    assert line.startswith(
        "25:probe.2.every: a, b, c share skill inbound/tier-1, one test at a time: the longest runs ("
    )
    assert "720s of 1800s + 720s of 1800s + 720s of 1740s) take 121% of the time" in line
    assert re.search(r"at worst \d+ of \d+ runs in 7 days would be missed \(busy\); set a longer `every` or", line)


def test_less_than_all_the_time_can_still_be_too_much(tmp_path: Path) -> None:
    """Two runs of 50 minutes an hour and a test every minute: a share of 97 %, and the minutes in between are lost."""
    probes = probe("long", every="2h", cap="100m") + probe("short", every="1m", cap="8s")
    (line,) = told(tmp_path, probes.replace('"agent"', '"answer"'))
    assert line.startswith("16:probe.1.every: long, short share skill inbound/tier-1")
    assert "take 97% of the time" in line


def test_probes_that_are_due_at_different_hours_do_not_crowd_each_other(tmp_path: Path) -> None:
    day, night = 'hours = "day"\n', 'hours = "day"\nwhen = "closed"\n'
    crowded = HOURS + probe("a", day, cap="25m") + probe("b", day, cap="25m")
    assert len(told(tmp_path, crowded)) == 1
    assert told(tmp_path, HOURS + probe("a", day, cap="25m") + probe("b", night, cap="25m")) == []


def test_a_run_longer_than_its_interval_runs_into_itself(tmp_path: Path) -> None:
    (line,) = told(tmp_path, probe("a", every="10m"))
    assert line.startswith("7:probe.0.every: a is tested once at a time: the longest runs (720s of 600s) take 120%")


def test_the_channels_of_a_trunk_are_counted(tmp_path: Path) -> None:
    probes = "".join(probe(f"p{n}", 'trunk = "t"\n', skill=f"s{n}").replace('"sip:1500@h"', '"1500"') for n in range(6))
    (line,) = told(tmp_path, TRUNK.format(2) + probes)
    assert line.startswith("5:trunk.t.channels: p0, p1, p2 and 3 more share 2 channels: ")
    assert "take 120% of the time" in line
    assert told(tmp_path, TRUNK.format(3) + probes) == []


def test_the_runs_at_once_of_the_service_are_counted(tmp_path: Path) -> None:
    probes = "".join(probe(f"p{n}", skill=f"s{n}") for n in range(3))
    (line,) = told(tmp_path, f"[service]\nmax_parallel = 1\n{probes}")
    assert line.startswith("2:service.max_parallel: p0, p1, p2 share room for 1 at once: ")


def test_agents_time_is_counted_by_the_hour_and_only_where_an_agent_is_asked_for(tmp_path: Path) -> None:
    courtesy = "[courtesy]\nmax_agent_s = 20\nagent_seconds_per_hour = 60\n"
    spread = 'spread = "0s"\n'
    (line,) = told(tmp_path, courtesy + probe("a", spread, cap="1m") + probe("b", spread, cap="1m"))
    assert line.startswith("10:probe.0.every: a, b may take 4 times 20s = 80s of agents' time of skill inbound/tier-1")
    without = probe("a", cap="1m").replace('"agent"', '"answer"')
    assert told(tmp_path, courtesy + without) == []


@pytest.mark.parametrize("more", ["enabled = false\n", 'channel = "manual"\n'])
def test_what_takes_no_room_is_not_counted(tmp_path: Path, more: str) -> None:
    text = probe("a", cap="2h") + probe("b", cap="2h")
    assert told(tmp_path, text) != []
    text = text.replace('channel = "sip"\n', "") if "channel" in more else text
    assert told(tmp_path, text.replace("service =", f"{more}service =")) == []


def test_only_those_who_check_or_serve_pay_for_it(tmp_path: Path) -> None:
    path = tmp_path / "siaga.toml"
    path.write_text(probe("a", every="10m"))
    assert load(path).warnings == ()
    assert len(verify(path).warnings) == 1


def test_the_example_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAGA_TRUNK_PASSWORD", "x")
    assert verify(ROOT / "config.example.toml").warnings == ()


def test_targets_are_told_apart_as_the_lease_tells_them_apart(tmp_path: Path) -> None:
    config = checked(tmp_path, probe("a") + probe("b").replace('skill = "tier-1"\n', "") + probe("c", skill="x"))
    leases, targets = set(), set()
    for index, one in enumerate(config.probes):
        plan = plan_of(config, one)
        assert plan is not None
        order = Order(channel="sip", to=one.to, script=one.script, cap_s=1, service=one.service, skill=one.skill)
        leases.add(order.lease)
        targets.add(_Load(index=index, probe=one, plan=plan, until=MONDAY).target)
    assert len(leases) == len(targets) == 3
