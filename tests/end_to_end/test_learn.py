"""``siaga learn`` hears an IVR that it knows nothing of; the probe that it prints passes with what it learned."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.program import Installation


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[str]:
    """A contact centre whose prompts nobody here has."""
    command = [sys.executable, "-m", "lab", "--folder", str(tmp_path / "pusat"), "serve", "--port", "0"]
    box = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert box.stdout is not None
        yield box.stdout.readline().split()[1]
    finally:
        box.terminate()
        box.communicate(timeout=10)


def test_the_prompts_of_an_ivr_are_learned_and_known_from_then_on(centre: str, tmp_path: Path) -> None:
    here = Installation(tmp_path, {})
    target = centre.replace("sip:", "sip:1500+endless_queue@")
    learned = here.run("learn", target, "--keys", "1", "--names", "salam-dan-menu,tunggu")
    assert learned.exit_code == 0, learned.stderr
    assert {path.name for path in (tmp_path / "prompts").iterdir()} == {"salam-dan-menu.wav", "tunggu.wav"}
    (tmp_path / "siaga.toml").write_text(f'language = "en"\n{learned.stdout}', "utf-8")
    assert here.run("check").exit_code == 0
    played = here.run("probe", "ivr-1500-endless-queue", "--json")
    assert played.exit_code == 0, played.stderr
    steps = [(step["step"], step["verdict"]) for step in played.record["steps"]]
    assert steps == [
        ("expect answer", "pass"), ("expect prompt:salam-dan-menu", "pass"), ("press 1", "pass"),
        ("expect prompt:tunggu", "pass"), ("end", "pass"),
    ]  # fmt: skip
    [run] = here.run("log", "--json", "--limit", "1").stdout.splitlines()
    assert '"verdict": "pass"' in run
