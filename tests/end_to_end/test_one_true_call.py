"""The whole slice: siaga calls the contact centre in a box, walks its menu, waits in the queue and finds the agent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SIAGA = Path(sys.executable).with_name("siaga")


def test_a_healthy_contact_centre_is_walked_to_its_agent(tmp_path: Path) -> None:
    """``siaga lab`` writes a config with a probe per scenario; the healthy one must end with a proven agent."""
    box = subprocess.Popen([SIAGA, "lab", "--folder", tmp_path, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert box.stdout is not None
        ready = box.stdout.readline()
        assert ready.startswith("ready "), ready
        done = subprocess.run(
            [SIAGA, "probe", "ivr-ke-agent", "-c", tmp_path / "siaga.toml", "--json"],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    finally:
        box.terminate()
        box.communicate(timeout=10)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["verdict"] == "pass"
    assert record["agent"]["confidence"] >= 0.8
    assert record["timings"]["time_to_agent_s"] > record["timings"]["setup_s"]
    assert {e["kind"] for e in record["evidence"]} >= {"recording", "sip_trace"}
