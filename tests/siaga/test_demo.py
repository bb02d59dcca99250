"""``siaga demo`` shows the whole product on one machine, ends by itself, and tells the truth about what it showed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from siaga.cli import demo_run
from siaga.cli.app import run
from siaga.cli.box import BoxError, box
from siaga.cli.enacted import read_diary

SIAGA = Path(sys.executable).with_name("siaga")
FOUND = {
    "ivr-ke-agent": ("pass", None),
    "ivr-lambat": ("degraded", "slow"),
    "ivr-tombol-mati": ("fail", "menu_loop"),
    "ivr-tanpa-agent": ("fail", "agent_timeout"),
    "ivr-sibuk": ("fail", "busy_486"),
}


def boxes_in(folder: Path) -> list[int]:
    """Processes that serve this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"lab" in words and str(folder).encode() in words:
            found.append(int(entry.name))
    return found


def test_the_demonstration_finds_what_the_box_enacted_within_its_time(tmp_path: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [SIAGA, "demo", "--folder", tmp_path, "--language", "en"],
        capture_output=True, text=True, timeout=150, check=False, cwd=tmp_path,
    )  # fmt: skip
    took_s = time.monotonic() - began
    assert done.returncode == 0, done.stdout + done.stderr
    records = [json.loads(p.read_text("utf-8")) for p in tmp_path.glob("evidence/*/*/result.json")]
    assert {r["probe"]: (r["verdict"], r["reason"]) for r in records} == FOUND
    for name in FOUND:
        assert re.search(rf"│ {name} .*│ yes", done.stdout)
    assert all(str(Path(r["evidence"][0]["path"]).parent) in done.stdout for r in records)
    assert "agent confirmed" in done.stderr
    assert boxes_in(tmp_path) == []
    assert took_s < 75


def test_a_demonstration_that_is_stopped_hangs_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [SIAGA, "demo", "--folder", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert demo.stderr is not None
    for line in demo.stderr:
        if "expect prompt:selamat-datang" in line:
            break
    demo.send_signal(signal.SIGINT)
    stdout, _ = demo.communicate(timeout=60)
    assert demo.returncode == 3, stdout
    diary = read_diary(tmp_path / "truth.jsonl")
    ended_by_us = [e["call"] for e in diary if e["event"] in ("bye", "cancel") and e.get("by") == "caller"]
    rang = {e["call"] for e in diary if e["event"] == "ringing"}
    assert set(ended_by_us) == rang != set()
    assert boxes_in(tmp_path) == []


def test_a_box_whose_parent_was_killed_does_not_stay(tmp_path: Path) -> None:
    ask = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom siaga.cli.box import box\n"
        "with box(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", ask, str(tmp_path)], timeout=90, check=False)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while boxes_in(tmp_path) and time.monotonic() < deadline:
        os.sched_yield()
    assert boxes_in(tmp_path) == []


def test_a_box_that_does_not_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "truth.jsonl").mkdir()
    with pytest.raises(BoxError, match=r"truth\.jsonl|directory"), box(tmp_path):
        pytest.fail("a box with a folder for a diary started")


def test_a_demonstration_without_its_box_ends_with_3(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Path) -> None:
        raise BoxError("no voice")

    monkeypatch.setattr(demo_run, "box", broken)
    assert run(["demo", "--folder", str(tmp_path)]) == 3
    assert "no voice" in capfd.readouterr().err
