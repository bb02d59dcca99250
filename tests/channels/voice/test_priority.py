"""Engines come before everything else of their machine where they may, and run all the same where they may not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from channels.voice import priority
from channels.voice.pool import Pool

DEPLOY = Path(__file__).parents[3] / "deploy"
ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may hurry: engines of others run as everybody else")
WITHOUT_ADMIN = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 21, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_SYS_ADMIN
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
UNPRIVILEGED = """
import os, threading
import channels.voice.priority as priority
os.setgroups([]); os.setgid(65534); os.setuid(65534)
priority.hurry()
with priority.media_first():
    threading.Thread(target=print, args=["there"]).start()
"""


def threads(pid: int) -> dict[str, int]:
    """Scheduling class of each thread, by its name."""
    tasks = Path(f"/proc/{pid}/task")
    return {(t / "comm").read_text("utf-8").strip(): os.sched_getscheduler(int(t.name)) for t in tasks.iterdir()}


def autogroup(pid: int) -> str | None:
    """Niceness of its session, where the kernel knows such a thing."""
    try:
        return Path(f"/proc/{pid}/autogroup").read_text("utf-8").partition(" ")[2].strip()
    except OSError:
        return None


@ONLY_ROOT
@pytest.mark.asyncio
async def test_engines_go_before_all_other_sessions_of_the_machine_and_sound_before_all_else() -> None:
    pool = Pool("siaga/test")
    await pool.start()
    try:
        engine = pool.engines[0]
        await engine.ready()
        assert os.getpriority(os.PRIO_PROCESS, engine.pid) == -10
        assert autogroup(engine.pid) in ("nice -20", None)
        classes = threads(engine.pid)
        assert classes["media"] == classes["clock"] == os.SCHED_RR
        assert classes["python"] == os.SCHED_OTHER
    finally:
        await pool.close()


def test_the_unit_and_the_containers_allow_what_an_engine_asks_for() -> None:
    unit, compose = [(DEPLOY / name).read_text("utf-8") for name in ("siaga.service", "compose.example.yaml")]
    [niceness] = re.findall(r"^LimitNICE=(-\d+)$", unit, re.MULTILINE)
    [limit] = re.findall(r"^    nice: (\d+)$", compose, re.MULTILINE)
    assert int(niceness) == 20 - int(limit) == min(priority._NICE, priority._GROUP_NICE)


@ONLY_ROOT
@pytest.mark.skipif(autogroup(os.getpid()) is None, reason="this kernel has no autogroups")
def test_engines_that_start_at_the_same_time_wait_for_each_other_at_the_kernel() -> None:
    twice = "from channels.voice.priority import _raise_session as wish; wish(); wish()"
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ADMIN, twice],
        capture_output=True, text=True, check=False, timeout=30, start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@ONLY_ROOT
def test_who_may_not_hurry_runs_as_everybody_else() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED],
        capture_output=True, text=True, check=False, timeout=30, start_new_session=True,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("there\n", 0), done.stderr
