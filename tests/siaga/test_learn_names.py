"""Pieces get their names by option, by number, or from a person who listens; a doubtful voice is never kept unasked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from channels.voice.listening.cutting import Cut
from siaga.cli import learn_names
from siaga.cli.exits import Stop
from siaga.cli.learn_names import by_hand, given, names_of
from siaga.learning import Piece, Walked


def piece(number: int, *, known: str = "", same_as: int = 0, after_music: bool = False) -> Piece:
    cut = Cut(from_s=2.0 * number, until_s=2.0 * number + 1.5, known=known, after_music=after_music)
    return Piece(number=number, cut=cut, samples=np.zeros(80, np.int16), after="", same_as=same_as or number)


def walk(*pieces: Piece) -> Walked:
    return Walked(pieces=pieces, keys=(), answered_s=0.0)


FIVE = walk(piece(1), piece(2, known="menu"), piece(3, same_as=1), piece(4, after_music=True), piece(5))


def answers(*lines: str) -> Iterator[str]:
    yield from (f"{line}\n" for line in lines)
    while True:
        yield ""  # as a terminal says that there is no more


def asked(found: Walked, *lines: str, known: tuple[str, ...] = ()) -> tuple[dict[int, str], list[int]]:
    told, played = answers(*lines), list[int]()
    return by_hand(found, set(known), "en", lambda _: next(told), lambda one: played.append(one.number)), played


def test_only_what_is_new_is_asked_for() -> None:
    assert asked(FIVE, "salam", "antrean", "tunggu") == ({1: "salam", 4: "antrean", 5: "tunggu"}, [])


def test_a_person_may_listen_skip_and_think_again() -> None:
    names, played = asked(walk(piece(1), piece(2), piece(3)), "p", "p", "", "salam", "s", "salam", "menu 1", "menu-1")
    assert (names, played) == ({1: "salam", 3: "menu-1"}, [1, 1])


def test_a_name_that_is_taken_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(walk(piece(1)), "menu", "salam", known=("menu",))[0] == {1: "salam"}
    assert "menu: that name is taken" in capsys.readouterr().err


def test_whoever_ends_the_questions_keeps_what_was_named() -> None:
    assert asked(walk(piece(1), piece(2)), "salam")[0] == {1: "salam"}


def test_names_go_to_what_is_new_in_order_but_never_to_what_may_be_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert names_of(FIVE, ("salam", "tunggu"), tmp_path, "en") == {1: "salam", 5: "tunggu"}
    said = capsys.readouterr().err
    assert "Not kept: speech at second 8.0" in said
    assert "(known already: menu)" in said
    assert "(the same recording as number 1)" in said


def test_a_dash_skips_a_piece_and_what_is_too_much_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert names_of(FIVE, ("-", "tunggu", "x", "y"), tmp_path, "en") == {5: "tunggu"}
    assert "Not used of --names: x, y" in capsys.readouterr().err


def test_without_a_terminal_and_names_numbers_are_names(tmp_path: Path) -> None:
    (tmp_path / "ucapan-1.wav").touch()
    assert names_of(FIVE, None, tmp_path, "en") == {1: "ucapan-2", 5: "ucapan-5"}


@pytest.mark.parametrize("names", ["a b", "", "menu", "x,x", "../x", "x,", "-x"])
def test_names_that_cannot_be_are_refused_before_anybody_is_called(names: str, tmp_path: Path) -> None:
    (tmp_path / "menu.wav").touch()
    with pytest.raises(Stop) as stop:
        given(names, tmp_path)
    assert stop.value.code == 64


def test_names_that_can_be_are_taken_as_they_stand(tmp_path: Path) -> None:
    assert given(" salam , -, -,menu_1.2", tmp_path / "absent") == ("salam", "-", "-", "menu_1.2")
    assert given(None, tmp_path) is None


def test_a_machine_without_a_player_says_where_the_piece_lies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    learn_names._play(piece(7), tmp_path, "en")
    assert str(tmp_path / "7.wav") in capsys.readouterr().err
    assert (tmp_path / "7.wav").exists()


def test_a_player_gets_the_piece_and_its_failure_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    player = tmp_path / "aplay"
    player.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\nexit $(cat {tmp_path}/code)\n', "utf-8")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(learn_names, "PLAYERS", (("aplay", "-q"),))
    for code in ("0", "1"):
        (tmp_path / "code").write_text(code)
        learn_names._play(piece(7), tmp_path, "en")
        assert (tmp_path / "called").read_text() == f"-q {tmp_path}/7.wav\n"
        said = capsys.readouterr().err
        assert ("could not be played (aplay: exit 1)" in said) == (code == "1")


def test_where_one_player_fails_the_next_one_plays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, does in (("paplay", "echo no server >&2; exit 1"), ("aplay", f"touch {tmp_path}/played")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(learn_names, "PLAYERS", (("paplay",), ("aplay", "-q")))
    learn_names._play(piece(7), tmp_path, "en")
    assert (tmp_path / "played").exists()
    assert capsys.readouterr().err == ""
