"""``siaga show RUN --html FILE``: a page of what is kept and unaltered, with as much sound as the policy allows."""

from __future__ import annotations

import base64
import getpass
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from probe.conclude import conclude
from probe.outcome import Record
from probe.session import Report
from probe.words import sentence
from reports.call_page_captions import Caption, written
from siaga.cli.app import run
from storage import evidence
from storage.journal import Journal
from storage.results import Results
from tests.reports import heard
from tests.siaga.book import CONFIG, DAY, Book, open_book


@pytest.fixture(scope="module")
def to_agent(tmp_path_factory: pytest.TempPathFactory) -> heard.Heard:
    return heard.to_agent(tmp_path_factory.mktemp("heard"))


@pytest.fixture
def book(nowhere: Path) -> Iterator[Book]:
    with open_book(nowhere) as opened:
        yield opened


def enter(book: Book, call: heard.Heard) -> Path:
    """The call as a run of the record; the folder of its evidence."""
    planned = book.planned(DAY)
    book.runs.beat(book.owner, DAY, timedelta(days=1))
    assert book.runs.submit(planned)
    assert book.runs.claim(planned.run_id, book.owner, "skill:inbound/tier-1", DAY) == "claimed"
    folder = evidence.run_folder(book.found.evidence, planned.run_id, DAY.date())
    names = (("recording", "recording.wav"), ("observations", "observations.jsonl"))
    files = [evidence.write(folder, name, (call.folder / name).read_bytes(), kind) for kind, name in names]
    agent, reply = ((call.at(f"{who}_start"), call.at(f"{who}_end")) for who in ("agent", "reply"))
    said = [(1.0, 2.0, "Selamat <b>pagi</b>"), (*agent, "dengan Rahman 081211112222"), (*reply, "Baik")]
    text = written(Caption(at_s=at_s, until_s=until_s, text=words) for at_s, until_s, words in said)
    files.append(evidence.write(folder, "captions.jsonl", text.encode(), "captions"))
    files.append(evidence.write(folder, "sip.txt", heard.trace(call).encode(), "sip_trace"))
    outcome = replace(conclude(call.walk, Report(), "en"), evidence=tuple(files))
    record = Record(
        run_id=planned.run_id, probe="ivr", channel="sip", target="sip:+622150012345@127.0.0.1", service="inbound",
        skill="tier-1", slot=DAY, trigger="schedule", started_at=DAY, ended_at=DAY + timedelta(seconds=40),
        outcome=outcome, message=sentence(outcome, "en"),
    )  # fmt: skip
    book.runs.finish(planned.run_id, book.owner, record)
    return folder


def page_of(folder: Path, file: Path = Path("page.html")) -> str:
    assert run(["show", folder.name, "--html", str(file)]) == 0
    return file.read_text("utf-8")


def sound_of(text: str) -> np.ndarray:
    [data] = re.findall(r'src="data:audio/mpeg;base64,([^"]*)"', text)
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(data)), always_2d=True)
    return np.asarray(samples)


def policy(audio: str) -> None:
    Path("siaga.toml").write_text(f'{CONFIG}\n[evidence]\naudio = "{audio}"\n', "utf-8")


def test_a_page_is_written_for_its_owner_alone_and_stdout_stays_empty(
    book: Book, to_agent: heard.Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page_of(enter(book, to_agent), Path("out/page.html"))
    assert text.startswith("<!doctype html>")
    assert Path("out/page.html").stat().st_mode & 0o777 == 0o600
    out, err = capsys.readouterr()
    assert out == ""
    assert "out/page.html" in err
    for said in ("prompt menu-utama", "180 Ringing", "agent proven", "intact", "Until answered"):
        assert said in text, said
    assert "50012345" not in text


def test_by_default_the_sound_ends_before_a_person_speaks(book: Book, to_agent: heard.Heard) -> None:
    text = page_of(enter(book, to_agent))
    samples, first = sound_of(text), to_agent.at("agent_start") - heard.RECORDED_S
    assert np.abs(samples[: int((first - 0.5) * 8000)]).max() > 0.1
    assert np.abs(samples[int(first * 8000) :]).max() < 0.005
    assert re.search(r'href="file:///[^"]*recording\.wav"', text)


def test_all_of_the_sound_is_embedded_where_the_house_says_so(book: Book, to_agent: heard.Heard) -> None:
    folder = enter(book, to_agent)
    policy("embed")
    samples, first = sound_of(page_of(folder)), to_agent.at("agent_start") - heard.RECORDED_S
    assert np.abs(samples[int(first * 8000) :, 1]).max() > 0.1


@pytest.mark.parametrize(("audio", "sound"), [("until_agent", "until_agent"), ("embed", "all")])
def test_whoever_takes_sound_out_of_the_house_stands_in_the_journal(
    book: Book, to_agent: heard.Heard, audio: str, sound: str
) -> None:
    folder = enter(book, to_agent)
    policy(audio)
    page = page_of(folder).encode()
    [note] = Journal(book.found.database).read(kind="export", subject=folder.name)
    assert (note.body["sound"], note.body["page_sha256"]) == (sound, hashlib.sha256(page).hexdigest())
    assert note.text == {"by": getpass.getuser()}
    assert run(["verify"]) == 0


@pytest.mark.parametrize(
    ("audio", "shown"), [("until_agent", "pagi"), ("embed", "pagi Rahman Baik"), ("link", ""), ("none", "")]
)
def test_text_is_shown_of_what_can_be_heard_and_of_nothing_else(
    book: Book, to_agent: heard.Heard, audio: str, shown: str
) -> None:
    folder = enter(book, to_agent)
    policy(audio)
    text = page_of(folder)
    assert [word for word in ("pagi", "Rahman", "Baik") if f"{word}" in _captions(text)] == shown.split()
    assert "<b>pagi" not in text
    assert "081211112222" not in text


def _captions(text: str) -> str:
    """The part of the page with what a machine understood."""
    found = re.search(r'<table class="captions">.*?</table>', text, re.DOTALL)
    return found[0] if found else ""


@pytest.mark.parametrize("audio", ["link", "none"])
def test_a_page_without_sound_is_no_export(book: Book, to_agent: heard.Heard, audio: str) -> None:
    folder = enter(book, to_agent)
    policy(audio)
    page_of(folder)
    assert not Journal(book.found.database).read(kind="export")


@pytest.mark.parametrize("audio", ["link", "none"])
def test_no_sound_is_embedded_where_the_house_says_so(book: Book, to_agent: heard.Heard, audio: str) -> None:
    folder = enter(book, to_agent)
    policy(audio)
    text = page_of(folder)
    assert "data:audio" not in text
    assert ("recording.wav</a>" in text or "Open the recording" in text) == (audio == "link")
    assert 'class="outline theirs"' in text


def test_beside_its_recording_a_page_links_it_by_name(book: Book, to_agent: heard.Heard) -> None:
    folder = enter(book, to_agent)
    policy("link")
    assert 'href="recording.wav"' in page_of(folder, folder / "page.html")


def test_without_observations_nobody_knows_where_a_person_begins(book: Book, to_agent: heard.Heard) -> None:
    folder = enter(book, to_agent)
    (folder / "observations.jsonl").unlink()
    text = page_of(folder)
    assert "data:audio" not in text
    assert "No observations" in text


def test_what_was_altered_is_not_shown(book: Book, to_agent: heard.Heard) -> None:
    folder = enter(book, to_agent)
    for name in ("recording.wav", "sip.txt", "observations.jsonl"):
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    text = page_of(folder)
    assert text.count("ALTERED") == 3
    for gone in ("data:audio", "180 Ringing", "prompt menu-utama", 'class="outline'):
        assert gone not in text, gone


def test_a_run_that_was_never_played_has_a_page_too(book: Book) -> None:
    book.missed(DAY)
    [entry] = Results(book.found.database, book.found.evidence).page()
    assert run(["show", entry.run_id, "--html", "page.html"]) == 0
    assert "There is no recording" in Path("page.html").read_text("utf-8")


def test_a_place_that_takes_no_file_is_told(
    book: Book, to_agent: heard.Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = enter(book, to_agent)
    Path("file").write_text("")
    assert run(["show", folder.name, "--html", "file/page.html"]) == 3
    assert "--html" in capsys.readouterr().err
