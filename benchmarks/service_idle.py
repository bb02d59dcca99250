"""What an idle service costs: ``.venv/bin/python benchmarks/service_idle.py [PROBES]``.

Memory is PSS of ``/proc/PID/smaps_rollup``, processor time of ``/proc/PID/stat``; parent and engines apart. First
without a call, then after calls to a contact centre in a box, with the engine they left warm. Ends with 1 when the
parent takes 110 MB or 0.5 % of a processor.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SIAGA = Path(sys.executable).with_name("siaga")
LIMIT_MB, LIMIT_PERCENT = 110.0, 0.5
SETTLE_S, MEASURE_S = 15.0, 60.0


@dataclass(frozen=True)
class Cost:
    """Of one process over ``MEASURE_S``."""

    pss_mb: float
    cpu_percent: float

    def __str__(self) -> str:
        return f"{self.pss_mb:6.1f} MB PSS, {self.cpu_percent:5.2f} % of a processor"


def pss_mb(pid: int) -> float:
    """Proportional set size, in MB of 10^6 bytes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in rollup if line.startswith("Pss:"))


def cpu_s(pid: int) -> float:
    """Processor time of a process and its threads since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Process ids of the engines."""
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def costs(pids: list[int]) -> list[Cost]:
    """Of all at once, over ``MEASURE_S``."""
    before, began = [cpu_s(pid) for pid in pids], time.monotonic()
    time.sleep(MEASURE_S)
    took_s = time.monotonic() - began
    return [Cost(pss_mb(pid), 100 * (cpu_s(pid) - used) / took_s) for pid, used in zip(pids, before, strict=True)]


def serve(folder: Path, text: str) -> subprocess.Popen[bytes]:
    """A service that stands."""
    (folder / "siaga.toml").write_text(text, "utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(60)
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "60000000"}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([SIAGA, "serve"], cwd=folder, env=environment, stdout=log, stderr=log)  # noqa: S603
        while b"READY=1" not in systemd.recv(4096):
            pass
    (folder / "notify").unlink()
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it in order."""
    process.send_signal(signal.SIGTERM)
    process.wait(120)


def probe(name: str, to: str, every: str) -> str:
    """A probe that ends with the answer."""
    script = '[{ expect = "answer", within = "6s" }]'
    return f'[[probe]]\nname = "{name}"\nchannel = "sip"\nto = "{to}"\nevery = "{every}"\nscript = {script}\n'


def wib(minutes: int) -> str:
    """The wall clock of Jakarta so many minutes from now."""
    return f"{datetime.now(ZoneInfo('Asia/Jakarta')) + timedelta(minutes=minutes):%H:%M}"


def idle(folder: Path, probes: int) -> Cost:
    """A service whose probes are due once a day, hours away."""
    later = wib(6 * 60)
    head = f'[hours.nanti]\nmon-sun = ["{later}-{wib(6 * 60 + 30)}"]\n'
    text = head + "".join(
        probe(f"p-{number}", f"sip:uji-{number}@127.0.0.1:9", "30m").replace("script", 'hours = "nanti"\nscript')
        for number in range(probes)
    )
    process = serve(folder, text)
    time.sleep(SETTLE_S)
    [cost] = costs([process.pid])
    if engines := children(process.pid):
        raise SystemExit(f"there should be no engine yet: {engines}")
    stop(process)
    return cost


def after_calls(folder: Path) -> tuple[Cost, list[Cost]]:
    """The parent and its warm engines, after two minutes with calls to a contact centre in a box."""
    box = subprocess.Popen([SIAGA, "lab", "--folder", folder, "--port", "0"], stdout=subprocess.PIPE, text=True)  # noqa: S603
    hostport = (box.stdout.readline() if box.stdout else "").strip().removeprefix("ready sip:")
    head = f'[hours.kini]\nmon-sun = ["{wib(0)}-{wib(3)}"]\n'
    called = probe("panggil", f"sip:1500+busy@{hostport}", "1m").replace("script", 'hours = "kini"\nscript')
    process = serve(folder, head + called)
    time.sleep(3 * 60 + SETTLE_S)
    if "run ended" not in (folder / "log").read_text("utf-8"):
        raise SystemExit((folder / "log").read_text("utf-8"))
    parent, *engines = costs([process.pid, *children(process.pid)])
    stop(process)
    box.terminate()
    box.wait(15)
    return parent, engines


def main() -> int:
    """Measure both and print them."""
    probes = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        cold = idle(Path(folder), probes)
    sys.stdout.write(f"idle, {probes} probes, no call yet: {cold}\n")
    with tempfile.TemporaryDirectory() as folder:
        warm, engines = after_calls(Path(folder))
    sys.stdout.write(f"idle after calls, parent:          {warm}\n")
    for engine in engines:
        sys.stdout.write(f"  its warm engine:                 {engine}\n")
    worst = max(cold.pss_mb, warm.pss_mb), max(cold.cpu_percent, warm.cpu_percent)
    return int(worst[0] >= LIMIT_MB or worst[1] >= LIMIT_PERCENT)


if __name__ == "__main__":
    raise SystemExit(main())
