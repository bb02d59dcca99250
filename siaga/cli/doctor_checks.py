"""The checks of ``siaga doctor``. Each looks at one thing and answers with findings; none raises for what it finds."""

from __future__ import annotations

import ctypes
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from probe.setting import Secret, SecretUnavailableError
from probe.words import Language, word

if TYPE_CHECKING:
    from siaga.config import Config, ConfigError

LEAST_SPACE_GB: Final = 1.0
CLOCK_TOLERANCE_MS: Final = 50.0
PORTS_PER_CALL: Final = 2
"""RTP and RTCP."""
_ASK_ENGINE: Final = """\
import pjsua2
endpoint = pjsua2.Endpoint()
endpoint.libCreate()
print("version", endpoint.libVersion().full)
endpoint.libDestroy()
"""
_GLOBAL_IPV6: Final = ("2000::1", 5060)
"""In the range of all global addresses (RFC 4291 § 2.4): asked for the route only."""
_TIME_ERROR: Final = 5
"""adjtimex(2): the clock is not synchronised."""


class State(StrEnum):
    """How bad a finding is; only ``wrong`` makes the exit code 1."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report; ``key`` and ``fix`` are keys of the catalogue below ``doctor.``."""

    check: str
    state: State
    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    fix: str = ""

    def text(self, language: Language) -> str:
        """What was found."""
        return word(f"doctor.{self.key}", language, **self.values)

    def fix_text(self, language: Language) -> str:
        """What to do about it; empty where nothing is to be done."""
        return word(f"doctor.{self.fix}", language, **self.values) if self.fix else ""

    def to_json(self, language: Language) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "check": self.check,
            "state": self.state.value,
            "found": self.text(language),
            "fix": self.fix_text(language) or None,
        }


def examine(config: Config, path: Path | None, wrong: ConfigError | None) -> list[Finding]:
    """All checks, in the order a newcomer meets them."""
    return [
        *_configuration(path, wrong),
        *_engine(),
        *_ports(config),
        *_ipv6(),
        *_clock(),
        *_folders(config),
        *_prompts(config),
        *_models(),
        *_text(config),
        *_secrets(config),
        *_trunks(config),
    ]


def _configuration(path: Path | None, wrong: ConfigError | None) -> Iterator[Finding]:
    if path is None:
        yield Finding("config", State.NOTE, "config_absent", fix="config_absent_fix")
    elif wrong is not None:
        yield Finding("config", State.WRONG, "config", {"path": wrong.errors[0]}, "config_wrong_fix")
    else:
        yield Finding("config", State.OK, "config", {"path": path})


def _engine() -> Iterator[Finding]:
    """In a process of its own: a native library that crashes on loading must not take the doctor with it."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter with our own words
            [sys.executable, "-c", _ASK_ENGINE], capture_output=True, text=True, timeout=20, check=False
        )
        said = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("version ")]
        cause = "" if said else (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        said, cause = [], str(error)
    if said:
        yield Finding("pjsua2", State.OK, "engine", {"version": said[0]})
    else:
        yield Finding("pjsua2", State.WRONG, "engine_absent", {"cause": cause}, "engine_absent_fix")


def _ports(config: Config) -> Iterator[Finding]:
    """Whether calls find ports: a pair per call in each range that is used, siaga's own or a trunk's."""
    from channels.voice.ports import FIRST_PORT, LAST_PORT, is_free

    calls: dict[tuple[int, int], int] = {} if config.trunks else {(FIRST_PORT, LAST_PORT): 1}
    for trunk in config.trunks.values():
        ports = trunk.rtp_ports
        span = (ports.first, ports.last) if ports is not None else (FIRST_PORT, LAST_PORT)
        calls[span] = calls.get(span, 0) + trunk.channels
    for (first, last), channels in calls.items():
        asked = min(PORTS_PER_CALL * channels, last - first + 1)
        free = sum(is_free(port) for port in range(first, last + 1))
        yield _port_finding(min(free, asked), asked, f"{first}-{last}")


def _port_finding(free: int, asked: int, span: str) -> Finding:
    good = free >= asked
    values = {"free": free, "asked": asked, "range": span}
    return Finding("ports", State.OK if good else State.WRONG, "ports", values, "" if good else "ports_fix")


def _ipv6() -> Iterator[Finding]:
    """Whether far ends that have only IPv6 can be called from here; nothing is sent for it."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect(_GLOBAL_IPV6)
            address = probe.getsockname()[0]
    except OSError as error:
        yield Finding("ipv6", State.NOTE, "ipv6_absent", {"cause": error.strerror or error}, "ipv6_absent_fix")
    else:
        yield Finding("ipv6", State.OK, "ipv6", {"address": address})


def _clock() -> Iterator[Finding]:
    """Whether the wall clock runs straight now, and what the kernel says of NTP."""
    before = time.time() - time.monotonic()
    time.sleep(0.2)
    drift_ms = abs(time.time() - time.monotonic() - before) * 1000
    good = drift_ms <= CLOCK_TOLERANCE_MS
    yield Finding(
        "clock",
        State.OK if good else State.WRONG,
        "clock",
        {"ms": f"{drift_ms:.1f}"},
        "" if good else "clock_fix",
    )
    try:
        synchronised: bool | None = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) != _TIME_ERROR
    except (OSError, AttributeError):
        synchronised = None
    if synchronised is None:
        yield Finding("ntp", State.NOTE, "ntp_unknown")
    elif synchronised:
        yield Finding("ntp", State.OK, "ntp")
    else:
        yield Finding("ntp", State.NOTE, "ntp_off", fix="ntp_off_fix")


def _folders(config: Config) -> Iterator[Finding]:
    yield from _folder("evidence", config.storage.evidence)
    try:
        url = config.storage.database_url()
    except SecretUnavailableError:
        return  # told among the secrets
    if url.startswith("sqlite:///"):
        yield from _folder("database", Path(url.removeprefix("sqlite:///")).parent)
    else:
        yield Finding("database", State.NOTE, "database_elsewhere")


def _folder(check: str, folder: Path) -> Iterator[Finding]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".siaga-doctor-") as file:
            file.write(b"siaga")
            file.flush()
            os.fsync(file.fileno())
        free_gb = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        from storage.evidence import FULL

        if error.errno in FULL:
            yield Finding(check, State.WRONG, "disk_full", {"path": folder}, "space_fix")
            return
        values = {"path": folder, "cause": error.strerror or error, "user": _user()}
        yield Finding(check, State.WRONG, "not_writable", values, "not_writable_fix")
        return
    yield Finding(check, State.OK, "writable", {"path": folder})
    if free_gb < LEAST_SPACE_GB:
        yield Finding(check, State.WRONG, "space", {"gb": f"{free_gb:.1f}", "path": folder}, "space_fix")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry in the user database, as in many containers
        return str(os.getuid())


def _prompts(config: Config) -> Iterator[Finding]:
    folders = {config.prompts, *(probe.prompts for probe in config.probes if probe.prompts)}
    for folder in sorted(folders):
        if not folder.is_dir():
            yield Finding("prompts", State.NOTE, "prompts_absent", {"path": folder}, "prompts_absent_fix")
            continue
        files = sorted(folder.glob("*.wav"))
        bad = [(path, cause) for path in files if (cause := _unreadable(path))]
        for path, cause in bad:
            yield Finding("prompts", State.WRONG, "prompt_bad", {"path": path, "cause": cause}, "prompt_bad_fix")
        yield Finding("prompts", State.OK, "prompts", {"count": len(files) - len(bad), "path": folder})


def _unreadable(path: Path) -> str:
    import soundfile

    try:
        soundfile.info(str(path))
    except (OSError, RuntimeError) as error:
        return str(error)
    return ""


def _models() -> Iterator[Finding]:
    try:
        from channels.voice.listening.vad import Vad, model_path

        Vad()
        yield Finding("silero", State.OK, "silero", {"path": model_path()})
    except Exception as error:  # noqa: BLE001 - onnxruntime raises kinds of its own, and any is the finding
        yield Finding("silero", State.WRONG, "silero_absent", {"cause": error}, "sync_fix")
    try:
        import espeakng_loader

        ctypes.CDLL(espeakng_loader.get_library_path())
        yield Finding("espeak", State.OK, "espeak", {"path": espeakng_loader.get_library_path()})
    except (ImportError, OSError) as error:
        yield Finding("espeak", State.NOTE, "espeak_absent", {"cause": error}, "sync_fix")


def _text(config: Config) -> Iterator[Finding]:
    """Only where a house asked for it."""
    from channels.voice.stt.model import lacking

    if (stt := config.listening.stt) is None:
        return
    if wrong := lacking(stt.model):
        yield Finding("stt", State.WRONG, "stt_absent", {"cause": wrong})
    else:
        yield Finding("stt", State.OK, "stt", {"path": stt.model})


def _secrets(config: Config) -> Iterator[Finding]:
    secrets = {f"trunk.{name}.password": trunk.password for name, trunk in config.trunks.items()}
    if isinstance(config.storage.url, Secret):
        secrets["storage.url"] = config.storage.url
    for path, secret in secrets.items():
        if secret is None:
            continue
        try:
            secret.value()
        except SecretUnavailableError as error:
            yield Finding("secrets", State.WRONG, "secret_absent", {"path": path, "cause": error}, "secret_absent_fix")
        else:
            yield Finding("secrets", State.OK, "secret", {"path": path})


def _trunks(config: Config) -> Iterator[Finding]:
    """Asked without a password: any answer shows that the way is open, even 401 or 403."""
    import asyncio

    from channels.voice.options import NoAnswerError, ask
    from siaga.parts import trunk_of

    for name, settings in config.trunks.items():
        try:
            answer = asyncio.run(ask(trunk_of(name, settings, password="")))
        except NoAnswerError as error:
            yield Finding("trunks", State.WRONG, "trunk_down", {"name": name, "cause": error}, "trunk_down_fix")
            continue
        if answer.codecs:
            values = {"name": name, "code": answer.code, "codecs": ", ".join(answer.codecs)}
            yield Finding("trunks", State.OK, "trunk", values)
        else:
            yield Finding("trunks", State.OK, "trunk_without_codecs", {"name": name, "code": answer.code})
