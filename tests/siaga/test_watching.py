"""A person who watches a run is told what happens, in words, and a far end cannot drive the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from probe.observation import (
    Agent,
    AgentPhase,
    Answered,
    Ended,
    Handoff,
    KeysPressed,
    Media,
    MediaState,
    Message,
    Noted,
    Observation,
    Placed,
    Played,
    Progress,
    Prompt,
    PromptPhase,
    Refused,
    Sender,
    Signalled,
    Sound,
    SoundKind,
    Tone,
    ToneKind,
    Trouble,
    Unreachable,
)
from probe.outcome import AgentEvidence, Evidence, MediaFigures, Outcome, Record, Timings
from probe.play import Seen, StepEnded, StepStarted
from probe.reasons import Judged, Owner, Reason, Stage, Verdict
from probe.script import ExpectStep, call_script
from probe.walk import StepEnd, StepRun
from probe.words import LANGUAGES, Language, printable
from siaga.cli import progress as live
from siaga.cli.narrate import line_of
from siaga.cli.panel import evidence_rows, panel, rows
from siaga.cli.progress import PlainProgress, watch

SCRIPT = call_script(("1",), "agent", 30.0)
TEXTS = tuple(step.text for step in SCRIPT)

TOLD = {
    "calling sip:1500@box": Placed(at=0),
    "ringing (180)": Progress(at=0, code=180),
    "sound before the answer (183)": Progress(at=0, code=183, early_media=True),
    "answered": Answered(at=0),
    "refused: 486 Busy Here": Refused(at=0, code=486, phrase="Busy Here"),
    "refused: 486": Refused(at=0, code=486),
    "unreachable: no route": Unreachable(at=0, cause="no route", through_trunk=False, network_ok=True),
    "we hung up": Ended(at=0, by_us=True),
    "the far end hung up": Ended(at=0, by_us=False),
    "prompt selamat-datang heard": Prompt(at=0, name="selamat-datang", phase=PromptPhase.CONFIRMED, onset=0),
    "prompt menu ended": Prompt(at=0, name="menu", phase=PromptPhase.ENDED, onset=0),
    "prompt menu turned out different": Prompt(at=0, name="menu", phase=PromptPhase.DIVERGED, onset=0),
    "in queue: music": Sound(at=0, kind=SoundKind.MUSIC, onset=0),
    "speech": Sound(at=0, kind=SoundKind.SPEECH, onset=0),
    "silence": Sound(at=0, kind=SoundKind.SILENCE, onset=0),
    "tone: busy": Tone(at=0, kind=ToneKind.BUSY, onset=0),
    "agent suspected (38 %)": Agent(at=0, phase=AgentPhase.SUSPECTED, onset=0, confidence=0.38),
    "agent confirmed (81 %)": Agent(at=0, phase=AgentPhase.CONFIRMED, onset=0, confidence=0.81),
    "not an agent after all": Agent(at=0, phase=AgentPhase.RETRACTED, onset=0, confidence=0.0),
    "answering machine": Agent(at=0, phase=AgentPhase.MACHINE, onset=0, confidence=0.0),
    "audio flows (PCMU)": Media(at=0, state=MediaState.FLOWING, since=0, codec="PCMU"),
    "audio stopped": Media(at=0, state=MediaState.STOPPED, since=0),
    "key 1 pressed (rfc4733)": KeysPressed(at=0, digits="1", mode="rfc4733"),
    "pemberitahuan played": Played(at=0, name="pemberitahuan", began=0),
    "message received": Message(at=0, sender=Sender.BOT, text="+62811", onset=0),
    "handed over to an agent": Handoff(at=0, onset=0),
    "trouble on our side: Call engine crashed": Trouble(at=0, reason=Reason.ENGINE_CRASHED),
}
UNTOLD = (
    Progress(at=0, code=100),
    Prompt(at=0, name="menu", phase=PromptPhase.CANDIDATE, onset=0),
    Sound(at=0, kind=SoundKind.SPEECH, onset=0, known=True),
    Sound(at=0, kind=SoundKind.MUSIC, onset=0, ended=True, until=1),
    Signalled(at=0, method="UPDATE"),
    Noted(at=0, what="codec"),
)


@pytest.mark.parametrize(("line", "seen"), TOLD.items(), ids=TOLD.keys())
def test_an_observation_is_told_in_words(line: str, seen: Observation) -> None:
    assert line_of(seen, "en", "sip:1500@box") == line
    assert line_of(seen, "id", "sip:1500@box")


@pytest.mark.parametrize("seen", UNTOLD)
def test_what_only_the_trace_needs_is_not_told(seen: Observation) -> None:
    assert line_of(seen, "id") is None


def test_a_phrase_of_the_far_end_cannot_drive_the_terminal() -> None:
    told = line_of(Refused(at=0, code=486, phrase="\x1b[2J\x9b31m\nBusy\x07[red]"), "en")
    assert told is not None
    assert told.isprintable()
    assert printable("a\u202eb\tc") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


def play_into(progress: live.Progress) -> None:
    """Dialled at 10 s, answered after one, hung up on in the menu."""
    progress(Seen(Placed(at=10.0)))
    progress(StepStarted(0, SCRIPT[0], 10.0, 40.0))
    progress(Seen(Answered(at=11.0)))
    progress(StepEnded(0, StepRun(step=SCRIPT[0], end=StepEnd.MET, started=10.0, finished=11.0)))
    progress(StepStarted(1, SCRIPT[1], 11.0, None))
    progress(Seen(Refused(at=12.5, code=500, phrase="[bold]\x1b[1m")))
    progress(StepEnded(1, StepRun(step=SCRIPT[1], end=StepEnd.CALL_OVER, started=11.0, finished=12.5)))


def shown(progress: live.Progress) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(progress)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_pipe_gets_a_line_when_something_happens(capsys: pytest.CaptureFixture[str]) -> None:
    progress, _ = watch(TEXTS, "en", "sip:1500@box")
    assert isinstance(progress, PlainProgress)
    play_into(progress)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "    0.0 s    calling sip:1500@box",
        "    0.0 s  ▸ expect answer",
        "    1.0 s    answered",
        "    1.0 s  ✓ expect answer",
        "    1.0 s  ▸ press 1",
        "    2.5 s    refused: 500 [bold]\N{REPLACEMENT CHARACTER}[1m",
        "    2.5 s  ✗ press 1",
    ]


def test_a_terminal_gets_every_step_with_its_clock_and_what_was_heard() -> None:
    progress = live.Progress(TEXTS, "en", "sip:1500@box")
    play_into(progress)
    said = shown(progress)
    assert "✓  expect answer  1.0 s" in said
    assert "✗  press 1        1.5 s" in said
    assert "·  expect agent" in said
    assert "1.0 s  answered" in said
    assert "[bold]" in said
    assert "\x1b" not in said


def test_a_wait_shows_how_long_it_may_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siaga.cli.progress.time.monotonic", lambda: 17.2)
    progress = live.Progress(TEXTS, "en")
    progress(StepStarted(0, SCRIPT[0], 10.0, 40.0))
    assert progress.clock() == "7 / 30 s"
    assert progress.step_text() == "expect answer"
    assert "7 / 30 s" in shown(progress)


def test_between_steps_the_last_one_is_shown() -> None:
    progress = live.Progress(TEXTS, "en")
    assert progress.step_text() == progress.clock() == ""
    progress(StepEnded(0, StepRun(step=SCRIPT[0], end=StepEnd.DEADLINE, started=0.0, finished=1.0)))
    assert progress.step_text() == "✗ expect answer"


def test_only_the_last_lines_are_kept_on_the_screen() -> None:
    progress = live.Progress(TEXTS, "en")
    for at in range(100):
        progress(Seen(Answered(at=float(at))))
    assert len(progress.lines) == live.LINES_SHOWN


RECORD = Record(
    run_id="20261120T083000Z-abcdef",
    probe="ivr-ke-agent",
    channel="sip",
    target="sip:1500@box",
    service=None,
    skill=None,
    slot=None,
    trigger="cli",
    started_at=datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
    ended_at=datetime(2026, 11, 20, 8, 31, tzinfo=UTC),
    message="[red]A customer\x1b[0m waits.",
    outcome=Outcome(
        verdict=Verdict.FAIL,
        stage=Stage.QUEUE,
        reason=Reason.AGENT_TIMEOUT,
        owner=Owner.TEAM_LEADER,
        detail="",
        accessibility=Judged.OK,
        availability=Judged.NOT_OK,
        timings=Timings(setup_s=1.0, total_s=60.04),
        steps=(),
        agent=AgentEvidence(confidence=0.5, onset_s=1.0, signs=()),
        media=MediaFigures(codec="PCMU", packets=1, lost=0, jitter_ms=None, rtt_ms=None, mos=None),
        evidence=(Evidence("recording", Path("/e/recording.wav"), "0"), Evidence("pcap", Path("/e/x.pcap"), "1")),
    ),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_panel_says_verdict_stage_reason_owner_and_times(language: Language) -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(panel(RECORD, language))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    for _, value in rows(RECORD, language):
        assert value in said
    assert "[red]A customer" in said
    assert "\x1b[0m waits" not in said
    assert RECORD.run_id in said


def test_the_panel_has_no_line_for_what_is_not_there() -> None:
    passed = replace(RECORD.outcome, verdict=Verdict.PASS, stage=None, reason=None, owner=None, timings=Timings())
    labels = [label for label, _ in rows(replace(RECORD, outcome=passed), "en")]
    assert labels == ["Verdict", "IVR/bot accessibility", "Agent availability"]


def test_evidence_is_named_by_its_kind_also_when_the_kind_is_new() -> None:
    assert evidence_rows(RECORD, "en") == [("Recording", "/e/recording.wav"), ("pcap", "/e/x.pcap")]


def test_a_step_is_told_in_the_words_of_the_script() -> None:
    assert ExpectStep.model_validate({"expect": ["agent", "tone:busy"]}).text == "expect agent | tone:busy"
