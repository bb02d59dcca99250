"""A new wording takes the place of a recording; the old one stays, and is valid until the end of the day."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from channels.voice.listening.accepting import NotAcceptedError, accept
from channels.voice.listening.versions import read_versions

ZONE = "Asia/Makassar"
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "salam.wav").write_bytes(b"old")
    (tmp_path / "salam.wav").chmod(0o640)
    return tmp_path


def sounds(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in folder.glob("*.wav")}


def names_on(folder: Path, day: date) -> dict[str, str]:
    versions, wrong = read_versions(folder, frozenset(sounds(folder)))
    assert wrong == []
    return dict(versions.names(day))


def test_the_old_recording_is_a_version_until_today_and_a_wrong_prompt_from_tomorrow_on(folder: Path) -> None:
    done = accept(folder, "salam", b"new", ZONE)
    assert done.until in {
        (datetime.now(UTC) + n * timedelta(seconds=1)).astimezone(ZoneInfo(ZONE)).date() for n in (0, -9)
    }
    assert sounds(folder) == {"salam": b"new", f"salam-{done.until}": b"old"}
    assert names_on(folder, done.until) == {done.kept_as: "salam"}
    assert names_on(folder, done.until + DAY) == {}
    assert tomllib.loads((folder / "prompts.toml").read_text())["timezone"] == ZONE


def test_what_stood_in_the_table_stays_with_its_remarks_and_its_time_zone(folder: Path) -> None:
    (folder / "lebaran.wav").write_bytes(b"feast")
    table = 'timezone = "Asia/Jayapura"  # kantor Papua\n[lebaran]\nis = "salam"\nfrom = 2027-03-18\n'
    (folder / "prompts.toml").write_text(table)
    done = accept(folder, "salam", b"new", ZONE)
    assert (folder / "prompts.toml").read_text().startswith(table)
    assert names_on(folder, done.until) == {done.kept_as: "salam"}
    assert names_on(folder, date(2027, 3, 18)) == {"lebaran": "salam"}


def test_two_wordings_of_one_day_keep_both_that_came_before(folder: Path) -> None:
    first, second = accept(folder, "salam", b"newer", ZONE), accept(folder, "salam", b"newest", ZONE)
    assert second.kept_as == f"{first.kept_as}-2"
    assert sounds(folder) == {"salam": b"newest", first.kept_as: b"old", second.kept_as: b"newer"}


def test_the_new_recording_can_be_read_by_whom_the_old_one_could(folder: Path) -> None:
    accept(folder, "salam", b"new", ZONE)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}


def test_names_with_any_letters_stand_in_the_table(tmp_path: Path) -> None:
    (tmp_path / 'salam "pagi" é.wav').write_bytes(b"old")
    done = accept(tmp_path, 'salam "pagi" é', b"new", ZONE)
    assert names_on(tmp_path, done.until) == {done.kept_as: 'salam "pagi" é'}


def test_what_cannot_be_replaced_is_said_and_left_alone(folder: Path) -> None:
    (folder / "lebaran.wav").write_bytes(b"feast")
    (folder / "prompts.toml").write_text('[lebaran]\nis = "salam"\n')
    before = sounds(folder)
    with pytest.raises(NotAcceptedError, match="does not exist"):
        accept(folder, "menu", b"new", ZONE)
    with pytest.raises(NotAcceptedError, match="is a version of another prompt"):
        accept(folder, "lebaran", b"new", ZONE)
    (folder / "prompts.toml").write_text('[lebaran]\nis = "menu"\n')
    with pytest.raises(NotAcceptedError, match="the name of another recording"):
        accept(folder, "salam", b"new", ZONE)
    assert sounds(folder) == before


def test_a_disk_that_fills_up_half_way_loses_no_recording(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_source: Path, target: Path) -> None:
        target.write_bytes(b"o")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("channels.voice.listening.accepting.shutil.copyfile", full)
    with pytest.raises(NotAcceptedError, match="No space left on device"):
        accept(folder, "salam", b"new", ZONE)
    assert [path.name for path in folder.iterdir()] == ["salam.wav"]
    assert sounds(folder) == {"salam": b"old"}
