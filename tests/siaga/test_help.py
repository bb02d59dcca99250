"""The front door tells what is behind it, quickly, and completes what one begins to type."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from siaga.cli.app import SELDOM, app, run
from tests.siaga.book import DAY, open_book

CALLING = "probe call learn serve demo lab"
READING = "log show plan runs verify report"
WRITING = "test sign maintenance peak prompts"
VERBS = set(f"check doctor version {CALLING} {READING} {WRITING}".split())
SIAGA = Path(sys.executable).with_name("siaga")


def test_help_lists_every_verb_and_no_other(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = capfd.readouterr().out
    offered = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    assert offered | {g.name for g in app.registered_groups} == VERBS
    assert all(re.search(rf"^  {verb} +[A-Z]", said, re.MULTILINE) for verb in VERBS)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(verb: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    assert f"siaga {verb}" in capfd.readouterr().out


HEAVY = set("pydantic structlog numpy onnxruntime sqlmodel asyncio rich.console soundfile pjsua2 httpx".split())


def test_help_imports_nothing_heavy() -> None:
    """The figure itself depends on the machine (benchmarks/cli_help.py); what costs it does not."""
    ask = "import sys; from siaga.cli.app import run; run(['--help']); print(' '.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=True)
    assert not HEAVY & set(done.stderr.split())


SERVING = set("alembic apscheduler httpx numpy scipy onnxruntime soundfile pjsua2 psycopg structlog holidays".split())
"""What only calls, the service and a database that is not up to date need."""
PAPER = set("xlsxwriter babel jinja2".split())
TABLES = "channels.voice.listening.cadences"
"""Of all that listens only the tables of tones: the configuration names them."""


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        ("log", {*PAPER, "rich"}), ("log --json", {*PAPER, "rich"}), ("show RUN", PAPER),
        ("show RUN --json", {*PAPER, "rich"}), ("report daily --date 2026-11-20 -o hari.xlsx", {"jinja2", "rich"}),
        ("report daily --date 2026-11-20 -o hari.html", {"xlsxwriter", "rich"}),
    ],
)  # fmt: skip
def test_verbs_that_read_import_nothing_they_do_not_need(words: str, spared: set[str], nowhere: Path) -> None:
    """Half of what people wait for is imports (docs/proof/volume.md)."""
    with open_book(nowhere) as book:
        entry = book.done(DAY)
    ask = "import sys; from siaga.cli.app import run; code = run(sys.argv[1:]); print(*sys.modules, file=sys.stderr); "
    command = [sys.executable, "-c", f"{ask} sys.exit(code)", *words.replace("RUN", entry.run_id).split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=nowhere)
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert "sqlmodel" in loaded
    assert not (SERVING | spared) & loaded
    listening = {name for name in done.stderr.split() if name.startswith("channels.voice.")}
    assert {name for name in listening if not TABLES.startswith(name)} == set()


@pytest.mark.parametrize(("verb", "after"), [("log", SELDOM), ("report", SELDOM), ("version", gc.get_threshold()[0])])
@pytest.mark.usefixtures("nowhere")
def test_garbage_is_looked_for_seldom_by_verbs_that_end_soon(verb: str, after: int) -> None:
    gc.disable()  # as the program does while it starts
    run([verb])
    assert gc.isenabled()
    assert gc.get_threshold()[0] == after


def complete(words: str, cwd: Path) -> list[str]:
    """What bash would offer after these words."""
    env = {
        **os.environ,
        "_SIAGA_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run([SIAGA], env=env, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)
    return done.stdout.split()


def test_a_shell_completes_verbs(nowhere: Path) -> None:
    assert complete("siaga d", nowhere) == ["doctor", "demo"]


def test_a_shell_completes_probes_of_the_configuration(config: Path) -> None:
    assert complete("siaga probe le", config.parent) == ["lewat-trunk"]


@pytest.mark.parametrize("text", ["probe = 3", "[[probe]]\nname = 1", "not toml", ""])
def test_a_shell_completes_nothing_from_a_broken_configuration(config: Path, text: str) -> None:
    config.write_text(text)
    assert complete("siaga probe x", config.parent) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    env = {**os.environ, "_SIAGA_COMPLETE": f"source_{shell}"}
    done = subprocess.run([SIAGA], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert "_SIAGA_COMPLETE=complete_" in done.stdout
