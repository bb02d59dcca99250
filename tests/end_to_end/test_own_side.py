"""``siaga serve`` tells its own operators when it cannot test, once over a restart, and beats while it is well."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.end_to_end.program import Installation
from tests.end_to_end.serving import Service
from tests.escalation.receiver import Receiver
from tests.farends import ports

CONFIG = """\
language = "en"
[notify]
webhook = {{ env = "HOOK" }}
[service]
heartbeat_url = "{beat}"
heartbeat_every = "1s"
drain_s = 1
[dial]
allow = ["1500*"]
[trunk.mati]
proxy = "sip:127.0.0.1:{dead}"
[[probe]]
name = "lewat-trunk"
channel = "sip"
to = "1500"
trunk = "mati"
every = "2s"
spread = "0s"
cap = "5s"
script = [{{ expect = "answer", within = "2s" }}]
"""


async def test_a_dead_trunk_is_told_once_over_a_restart_and_the_heart_beats(tmp_path: Path) -> None:
    async with Receiver() as hook, Receiver() as beats:
        (tmp_path / "siaga.toml").write_text(CONFIG.format(beat=beats.url, dead=ports.free()), "utf-8")
        installation = Installation(tmp_path, {"HOOK": hook.url})
        logs = []
        for again in (False, True):
            service = Service(installation)
            try:
                await asyncio.to_thread(service.ready)
                await hook.until(1)
                await beats.until(len(beats.came) + (3 if again else 1))
                await asyncio.to_thread(service.stop)
                logs.append(service.log)
            finally:
                service.close()
        told = [(came.json["event"], came.json["key"]) for came in hook.came]
        assert told.count(("opened", "trunk:mati")) == 1
        assert ("recovered", "trunk:mati") not in told
        [opened] = [came for came in hook.came if came.json["key"] == "trunk:mati"]
        assert opened.json["sentence"].startswith("[CHECK SIAGA] Tests through a trunk cannot be judged (mati: ")
        assert beats.came[0].line.startswith("GET /hook/")
    assert "our own side is in trouble" in logs[0]
    assert "trunk:mati" not in "".join(line for line in logs[1].splitlines() if "in trouble" in line)
    assert "s3cret" not in "".join(logs)
