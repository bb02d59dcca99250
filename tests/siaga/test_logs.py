"""Logs go to stderr, say which run they belong to, and hold neither secrets nor whole telephone numbers."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog

from siaga import redaction
from siaga.cli.logs import configure
from siaga.config import load
from siaga.config_secrets import secret_values
from siaga.redaction import HIDDEN, hide, redacted_text

Stderr = pytest.CaptureFixture[str]


def lines(stderr: Stderr) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.readouterr().err.splitlines()]


def test_a_line_is_json_with_the_run_it_belongs_to(capsys: Stderr) -> None:
    configure(1)
    with structlog.contextvars.bound_contextvars(run_id="20261120T083000Z-abcdef"):
        structlog.get_logger("siaga.test").info("run started", channel="sip")
    [line] = lines(capsys)
    assert line["run_id"] == "20261120T083000Z-abcdef"
    assert (line["event"], line["level"], line["channel"]) == ("run started", "info", "sip")
    assert line["timestamp"].endswith("Z")


def test_libraries_that_log_by_the_standard_way_are_told_the_same_way(capsys: Stderr) -> None:
    configure(0)
    logging.getLogger("asyncio").warning("Executing took %d seconds", 3)
    assert lines(capsys)[0]["event"] == "Executing took 3 seconds"


@pytest.mark.parametrize(("verbosity", "told"), [(0, "c"), (1, "bc"), (2, "abc"), (9, "abc")])
def test_every_v_tells_more(capsys: Stderr, verbosity: int, told: str) -> None:
    configure(verbosity)
    log = structlog.get_logger("siaga.test")
    log.debug("a")
    log.info("b")
    log.warning("c")
    assert [line["event"] for line in lines(capsys)] == list(told)


@pytest.mark.parametrize(("verbosity", "told"), [(1, ["b"]), (2, ["a", "b"])])
def test_libraries_that_tell_every_step_are_heard_only_when_asked(
    capsys: Stderr, verbosity: int, told: list[str]
) -> None:
    configure(verbosity)
    logging.getLogger("apscheduler.scheduler").info("a")
    logging.getLogger("apscheduler.scheduler").warning("b")
    assert [line["event"] for line in lines(capsys)] == told


def test_a_secret_is_hidden_wherever_it_stands(capsys: Stderr) -> None:
    configure(0)
    log = structlog.get_logger("siaga.test")
    error = RuntimeError("password=hunter2 of +62 811-1234-5678")
    log.error(
        "failed", exc_info=error, password="hunter2", trunk={"api_key": "hunter2"}, url="postgresql://u:hunter2@db/x"
    )
    text = capsys.readouterr().err
    assert "hunter2" not in text
    assert "1234" not in text
    assert HIDDEN in text
    assert "RuntimeError" in text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("sip:+628112345678@pbx", "sip:+62***78@pbx"),
        ("0811-2345-678", "08***78"),
        ("1500", "1500"),
        ("run 20261120T083000Z-abcdef", "run 20261120T083000Z-abcdef"),
        ("127.0.0.1:33928", "127.0.0.1:33928"),
        ('Digest response="abc", nonce="def"', f"Digest response={HIDDEN}, nonce={HIDDEN}"),
        ("token: abc.def", f"token: {HIDDEN}"),
    ],
)
def test_numbers_keep_their_ends_and_short_codes_stay(text: str, redacted: str) -> None:
    assert redacted_text(text) == redacted


def test_a_value_that_cannot_be_written_ends_no_call(capsys: Stderr, monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd:
        def __repr__(self) -> str:
            raise ValueError("no")

    configure(0)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    structlog.get_logger("siaga.test").warning("odd", value=Odd())
    structlog.get_logger("siaga.test").warning("next")
    assert lines(capsys)[-1]["event"] == "next"


@pytest.fixture
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", set())


@pytest.mark.usefixtures("nothing_known")
@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("s3cr3t-rahasia", "login of siaga with s3cr3t-rahasia refused"),
        ("rah@sia 1", "sent rah%40sia%201 to the registrar"),
        ("postgresql://u:kunci%2Frumah@db/x", "FATAL: no match for kunci/rumah"),
        ("https://hooks.example/services/T0001/abcdefgh1234", "HTTP Request: POST /services/T0001/abcdefgh1234"),
        ("https://hooks.example/x?key=abcdefgh1234", "GET /x?key=abcdefgh1234"),
    ],
)
def test_a_known_secret_is_hidden_in_whatever_form_it_comes(secret: str, text: str) -> None:
    assert HIDDEN not in redacted_text(text)
    hide([secret])
    assert HIDDEN in redacted_text(text)
    for part in ("rahasia", "rah%40", "kunci", "abcdefgh1234"):
        assert part not in redacted_text(text)


@pytest.mark.usefixtures("nothing_known")
def test_an_object_that_tells_a_secret_is_silenced_too(capsys: Stderr) -> None:
    class Teller:
        def __repr__(self) -> str:
            return "Teller(s3cr3t-rahasia)"

    configure(0)
    hide(["s3cr3t-rahasia"])
    structlog.get_logger("siaga.test").warning("odd", value=Teller())
    assert "rahasia" not in capsys.readouterr().err


@pytest.mark.usefixtures("nothing_known")
def test_a_very_short_secret_does_not_blacken_the_log() -> None:
    hide(["a", ""])
    assert redacted_text("a call") == "a call"


def test_every_secret_of_a_configuration_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UJI_DB", "postgresql://u:satu@h/x")
    monkeypatch.setenv("UJI_SANDI", "dua")
    (tmp_path / "kait").write_text("https://hooks.example/tiga\n", "utf-8")
    monkeypatch.delenv("UJI_TIDAK_ADA", raising=False)
    path = tmp_path / "siaga.toml"
    path.write_text(
        '[storage]\nurl = { env = "UJI_DB" }\n'
        '[trunk.a]\nregistrar = "sip:127.0.0.1"\nusername = "u"\npassword = { env = "UJI_SANDI" }\n'
        '[trunk.b]\nregistrar = "sip:127.0.0.1"\nusername = "u"\npassword = { env = "UJI_TIDAK_ADA" }\n'
        '[notify]\nwebhook = { file = "kait" }\n'
        '[dial]\nallow = ["1500"]\n',
        "utf-8",
    )
    found = set(secret_values(load(path)))
    assert found == {"postgresql://u:satu@h/x", "dua", "https://hooks.example/tiga"}
