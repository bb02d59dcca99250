"""A reload touches only what differs, and refuses what is wrong as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from siaga.config import Config, ConfigError, load
from siaga.service_reload import Changes, changes, reread

BEGIN = """
[hours.layanan]
mon-fri = ["08:00-17:00"]
[trunk.pstn]
registrar = "sip:127.0.0.1:5060"
[dial]
allow = ["1500*"]
"""
ANSWER = 'script = [{ expect = "answer" }]\n'


def probe(name: str, more: str = "") -> str:
    return f'[[probe]]\nname = "{name}"\nchannel = "sip"\nto = "sip:1500@127.0.0.1"\n{more}\n{ANSWER}'


def written(folder: Path, text: str) -> Config:
    path = folder / "siaga.toml"
    path.write_text(text, "utf-8")
    return load(path)


OLD = BEGIN + probe("tetap") + probe("berubah", 'every = "30m"\nhours = "layanan"') + probe("pergi")
NOTHING = Changes(added=(), removed=(), changed=(), trunks=())


def test_only_what_differs_is_named(tmp_path: Path) -> None:
    old = written(tmp_path, OLD)
    new = written(tmp_path, OLD.replace('"30m"', '"15m"').replace('"pergi"', '"datang"'))
    assert changes(old, new) == Changes(added=("datang",), removed=("pergi",), changed=("berubah",), trunks=())


@pytest.mark.parametrize(
    ("what", "by", "changed"),
    [
        ("17:00", "18:00", ("berubah",)),
        ("[hours", 'timezone = "Asia/Jayapura"\n[hours', ("tetap", "berubah", "pergi")),
        ("[hours", 'prompts = "lain"\n[hours', ("tetap", "berubah", "pergi")),
        ("[dial]", "[service]\ndrain_s = 5\n[dial]", ()),
        ("[dial]", "# kata\n[dial]", ()),
    ],
    ids=["its hours", "the time zone", "the prompts", "nothing of a probe", "a comment"],
)
def test_a_probe_changes_with_what_it_refers_to(tmp_path: Path, what: str, by: str, changed: tuple[str, ...]) -> None:
    old = written(tmp_path, OLD)
    assert changes(old, written(tmp_path, OLD.replace(what, by, 1))).changed == changed


def test_a_trunk_that_is_new_gone_or_different_is_named(tmp_path: Path) -> None:
    old = written(tmp_path, OLD)
    new = written(tmp_path, OLD.replace("5060", "5080").replace("[dial]", '[trunk.b]\nproxy = "sip:127.0.0.2"\n[dial]'))
    assert changes(old, new).trunks == ("b", "pstn")
    assert changes(new, old).trunks == ("b", "pstn")
    assert changes(old, old) == NOTHING


def test_a_wrong_file_is_refused_with_every_place(tmp_path: Path) -> None:
    old = written(tmp_path, OLD)
    old.path.write_text(OLD.replace('"30m"', "30").replace('"answer"', '"anwser"'), "utf-8")
    with pytest.raises(ConfigError) as wrong:
        reread(old, old.path)
    assert len(wrong.value.errors) == 4
    assert all(error.line for error in wrong.value.errors)


@pytest.mark.parametrize("key", ["url", "evidence"])
def test_the_record_does_not_move_under_a_running_service(tmp_path: Path, key: str) -> None:
    old = written(tmp_path, OLD)
    value = "sqlite:///lain.db" if key == "url" else "lain"
    old.path.write_text(OLD + f'[storage]\n{key} = "{value}"\n', "utf-8")
    with pytest.raises(ConfigError, match=rf"storage\.{key}: .*restart"):
        reread(old, old.path)
