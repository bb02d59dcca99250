"""One configuration per mistake, the whole message beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from siaga.config import ConfigError, verify

WRONG = Path(__file__).with_name("wrong")
NAMES = sorted(path.stem for path in WRONG.glob("*.toml"))


def errors_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        verify(path)
    return str(caught.value)


def places_of_errors(path: Path) -> list[int]:
    try:
        verify(path)
    except ConfigError as error:
        return [located.line for located in error.errors]
    return []


def test_the_table_is_long_and_complete() -> None:
    assert len(NAMES) >= 45
    assert sorted(path.stem for path in WRONG.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(WRONG)
    assert errors_of(Path(f"{name}.toml")) == (WRONG / f"{name}.txt").read_text("utf-8").rstrip("\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_a_message_has_a_place_and_a_way_out(name: str) -> None:
    for line in (WRONG / f"{name}.txt").read_text("utf-8").splitlines():
        assert re.match(rf"{name}\.toml:[1-9][0-9]*:[1-9][0-9]*: ", line), line
        assert "hunter2" not in line
        assert not re.search(r"Input should|Value error|validat|pydantic", line), line


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith(("syntax_", "not_utf8"))])
def test_a_mistake_stands_where_the_message_says(name: str) -> None:
    """The line named holds the last word of the path, or is the header of the table it is missing in."""
    lines = (WRONG / f"{name}.toml").read_text("utf-8").splitlines()
    for error in (WRONG / f"{name}.txt").read_text("utf-8").splitlines():
        _, line, column, path, message = re.split(r":(?: |(?=\d))", error, maxsplit=4)
        there = lines[int(line) - 1][int(column) - 1 :]
        assert there.strip()
        keys = [part for part in path.split(".") if not part.isdigit()]
        if message == "missing; it is required":
            assert there.startswith("[["), error
        elif any(word in message for word in ("unknown key", "does not know", "twice", "a table with a name")):
            assert there.strip("\"'").startswith(keys[-1].split(".")[0]), error


def test_line_ends_of_windows_and_a_byte_order_mark_move_nothing(tmp_path: Path) -> None:
    text = (WRONG / "many_at_once.toml").read_text("utf-8")
    expected = (WRONG / "many_at_once.txt").read_text("utf-8").rstrip("\n")
    path = tmp_path / "many_at_once.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert errors_of(path).replace(f"{tmp_path}/", "") == expected


def test_a_literal_secret_never_reaches_an_error_wherever_it_was_put(tmp_path: Path) -> None:
    secret = "hunter2"
    trunk = '[trunk.a]\nregistrar = "sip:pbx.example"\nusername = "u"\n'
    places = [
        f'{trunk}password = "{secret}"',
        f'{trunk}password = ["{secret}"]',
        f'{trunk}password = {{ env = "{secret} x" }}',
        f'{trunk}password = {{ file = "a", key = "{secret}" }}',
        f'{trunk}password = {{ {secret} = "x" }}',
        f'{trunk}passwd = "{secret}"',
        f'{trunk}proxy = "sip:u:{secret}@h"',
        f'{trunk}self_check = "sip:u:{secret}@h"',
        f'[storage]\nurl = "postgresql://u:{secret}@h/d"',
        f'[storage]\nurl = "postgresql://h/d?password={secret}"',
        f'[storage]\nurl = "mysql://u:{secret}@h/d"',
        f'storage = "postgresql://u:{secret}@h/d"',
        f'[notify]\nwebhook = "https://u:{secret}@h/d"',
        f'[notify]\nwebhook = "http://h/{secret}"',
        f'[notify]\nwebhook = ["{secret}"]',
        f'[service]\nheartbeat_url = "{secret}"',
        f'[[probe]]\nname = "a"\nchannel = "sip"\nto = "sip:u:{secret}@h"\nscript = []',
    ]
    for number, text in enumerate(places):
        path = tmp_path / f"{number}.toml"
        path.write_text(text)
        assert secret not in errors_of(path), text


def test_a_file_that_is_absent_a_folder_or_huge_is_told_in_one_line(tmp_path: Path) -> None:
    absent = tmp_path / "siaga.toml"
    assert errors_of(absent) == f"{absent}: No such file or directory; name the configuration with -c FILE"
    assert errors_of(tmp_path) == f"{tmp_path}: Is a directory"
    absent.write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    assert errors_of(absent) == f"{absent}: longer than 4194304 bytes: this is no configuration"


def test_brackets_without_end_do_not_overflow(tmp_path: Path) -> None:
    path = tmp_path / "siaga.toml"
    path.write_text("a = " + "[" * 100_000)
    assert errors_of(path) == f"{path}:1:1: brackets are nested too deeply"


def test_values_that_are_no_tables_never_crash_the_loader(tmp_path: Path) -> None:
    path = tmp_path / "siaga.toml"
    sections = (
        "timezone",
        "language",
        "prompts",
        "centre",
        "storage",
        "dial",
        "hours",
        "trunk",
        "probe",
        "maintenance",
        "service",
        "notify",
        "retention",
        "shift",
    )
    values = (
        "1",
        "[]",
        "[1]",
        "[[]]",
        "{}",
        "{ a = 1 }",
        "[{}]",
        "[{ name = 1, script = [1] }]",
        '"x"',
        "1979-05-27",
        "nan",
    )
    for section in sections:
        for value in values:
            path.write_text(f"{section} = {value}\n")
            told = places_of_errors(path)
            assert all(line == 1 for line in told), (section, value)
