"""Right configurations: what they come to, what is warned of, and where the file is found."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.declared import declared, words
from channels.dialling import DialSettings
from channels.lines import LineSettings
from channels.listening import ListeningSettings
from channels.registry import CHANNELS
from channels.sip_settings import PortRange, TrunkSettings
from escalation.settings import NotifySettings, address_of
from probe.hours import Hours, Interval
from probe.script import STEP_BY_VERB, ExpectStep
from probe.setting import Secret, SecretUnavailableError
from probe.settings import MaintenanceSettings, ProbeSettings
from probe.shift import ShiftSettings
from siaga.config import Config, ConfigError, default, find, load
from siaga.config_sections import Centre, General
from siaga.service_settings import ServiceSettings
from storage.settings import RetentionSettings, StorageSettings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "config.example.toml"
PROBE = '[[probe]]\nname = "ivr"\nchannel = "sip"\nto = "sip:1500+busy@127.0.0.1:5070"\n'
SCRIPT = 'script = [{ expect = "answer" }]\n'


def loaded(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "siaga.toml"
    path.write_text(text, "utf-8")
    return load(path)


def warnings(config: Config) -> list[str]:
    return [f"{w.line}:{w.column}: {w.path}: {w.message}" for w in config.warnings]


def test_the_example_passes_and_warns_only_of_the_secret_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIAGA_TRUNK_PASSWORD", raising=False)
    assert [w.path for w in load(EXAMPLE).warnings] == ["trunk.pstn.password"]
    monkeypatch.setenv("SIAGA_TRUNK_PASSWORD", "x")
    assert load(EXAMPLE).warnings == ()


def keys(model: type) -> set[str]:
    fields = model.model_fields  # type: ignore[attr-defined]
    return {field.alias or name for name, field in fields.items()} - {"week"}


@pytest.mark.parametrize(
    "model",
    [
        General,
        Centre,
        StorageSettings,
        RetentionSettings,
        ServiceSettings,
        NotifySettings,
        Hours,
        TrunkSettings,
        DialSettings,
        LineSettings,
        ListeningSettings,
        ProbeSettings,
        MaintenanceSettings,
        ShiftSettings,
    ],
)
@pytest.mark.parametrize("paper", ["config.example.toml", "docs/configuration.md"])
def test_every_setting_stands_in_the_example_and_in_the_reference(model: type, paper: str) -> None:
    text = (ROOT / paper).read_text("utf-8")
    form = r"(?m)^(# )?{}\s*=" if paper.endswith(".toml") else r"`{}`"
    assert {key for key in keys(model) if not re.search(form.format(key), text)} == set()


@pytest.mark.parametrize("verb", sorted(declared("sip").verbs))
def test_every_verb_and_modifier_of_a_call_stands_in_the_example_and_in_the_reference(verb: str) -> None:
    example, reference = EXAMPLE.read_text("utf-8"), (ROOT / "docs/configuration.md").read_text("utf-8")
    for key in STEP_BY_VERB[verb].model_fields:
        assert f"`{key}`" in reference
        assert f"{key} = " in example or key == "matching"


def test_commented_settings_of_the_example_are_right_too(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", EXAMPLE.read_text("utf-8"))
    text = text.replace('"examples/prompts"', f'"{ROOT}/examples/prompts"')
    row = '[[tone]]\nkind = "busy"\nhz = [450]\nbeats_ms = [300, 300]\n'
    (tmp_path / "pabx.toml").write_text(f'name = "PABX"\nsources = ["measured"]\n{row}', "utf-8")
    config = loaded(tmp_path, text)
    assert config.line.tables == ("id", str(tmp_path / "pabx.toml"))
    assert config.centre.logo == tmp_path / "logo.png"
    assert config.trunks["pstn"].tls_ca == tmp_path / "operator-ca.pem"
    assert config.hours["malam"].holidays == "ID"
    assert config.listening.stt is not None
    assert config.listening.stt.model == tmp_path / "models" / "whisper-small"
    assert config.notify.webhook == "https://chat.example/hooks/siaga"
    assert config.service.heartbeat_url == Secret(env="SIAGA_HEARTBEAT_URL")


def test_the_smallest_configuration_is_one_probe(tmp_path: Path) -> None:
    config = loaded(tmp_path, PROBE + SCRIPT)
    probe = config.probe("ivr")
    assert probe is not None
    assert (probe.every, probe.spread_s, probe.cap_s, probe.record, probe.enabled) == (None, 0.0, 90.0, "all", True)
    assert (config.timezone, config.language) == ("Asia/Jakarta", "id")
    assert config.prompts_of(probe) == tmp_path / "prompts"
    assert config.sounds == tmp_path / "sounds"
    assert config.storage.database_url() == f"sqlite:///{tmp_path}/siaga.db"
    assert config.storage.evidence == tmp_path / "evidence"
    assert config.dial == DialSettings()
    assert config.probe("other") is None
    assert config.warnings == ()


def test_values_become_what_they_mean(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("s3cret\n")
    config = loaded(
        tmp_path,
        'timezone = "Asia/Makassar"\n'
        '[hours.a]\nmon-wed = ["22:00-06:00", "08:00-17:00"]\nfri-sat = []\n'
        '[trunk.t]\nproxy = "pbx.example:5080"\nusername = "u"\npassword = { file = "k" }\nrtp_ports = "16000-16099"\n'
        '[dial]\nallow = ["+6221*"]\n'
        f'{PROBE}every = "30m"\nhours = "a"\nprompts = "../p"\n'
        'script = [{ expect = ["answer", "status:486"], within = "1500ms", slow = "1s" }, { press = "1*#" }]\n'
        '[[maintenance]]\ntarget = "sip"\nfrom = 2026-12-24T22:00:00\nto = 2026-12-24T15:00:00Z\nreason = "x"\n',
    )
    probe, trunk = config.probes[0], config.trunks["t"]
    assert probe.script[0] == ExpectStep.model_construct(
        expect=("answer", "status:486"), within=1.5, slow=1.0, matching=None, never=(), optional=False
    )
    assert (probe.every, probe.spread_s, probe.prompts) == (1800.0, 360.0, tmp_path.parent / "p")
    assert config.hours["a"].week["tue"] == (Interval(480, 1020), Interval(1320, 1800))
    assert config.hours["a"].week["sat"] == ()
    assert "sun" not in config.hours["a"].week
    assert (trunk.proxy, trunk.register_, trunk.rtp_ports) == ("sip:pbx.example:5080", False, PortRange(16000, 16099))
    assert trunk.password is not None
    assert trunk.password.value() == "s3cret"
    assert config.maintenance[0].from_ == datetime(2026, 12, 24, 14, tzinfo=UTC)
    assert "s3cret" not in repr(config)


def test_the_service_its_watchers_and_its_shifts_become_what_they_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = loaded(
        tmp_path,
        '[service]\ndrain_s = 5\nheartbeat_url = "http://127.0.0.1:9/x"\nheartbeat_every = "10s"\n'
        '[notify]\nwebhook = { env = "HOOK" }\n[retention]\nresults = "90d"\nfailures_media = "90d"\n'
        '[[shift]]\nname = "malam"\nfrom = "22:00"\nto = "07:00"\npic = "Dewi"\n'
        '[[shift]]\nname = "hari"\nfrom = "00:00"\nto = "24:00"\n',
    )
    assert (config.service.drain_s, config.service.heartbeat_every, config.service.max_parallel) == (5.0, 10.0, 16)
    assert (config.retention.results, config.retention.passes_media) == (timedelta(days=90), timedelta(days=30))
    assert [shift.interval for shift in config.shifts] == [Interval(1320, 1860), Interval(0, 1440)]
    assert [(shift.pic, shift.role) for shift in config.shifts] == [("Dewi", "PIC"), (None, "PIC")]
    assert warnings(config) == [
        "6:11: notify.webhook: the environment variable HOOK is not set; set it before starting siaga"
    ]
    monkeypatch.setenv("HOOK", "https://chat.example/x")
    assert address_of(config.notify.webhook or "") == "https://chat.example/x"
    monkeypatch.setenv("HOOK", "http://chat.example/s3cret")
    with pytest.raises(ValueError, match="http is refused") as refused:
        address_of(config.notify.webhook or "")
    assert "s3cret" not in str(refused.value)


def test_a_secret_that_is_not_at_hand_is_a_warning_and_an_error_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    trunk = '[dial]\nallow = ["1*"]\n[trunk.t]\nregistrar = "h"\nusername = "u"\npassword = '
    config = loaded(tmp_path, trunk + '{ env = "NOWHERE" }\n')
    assert warnings(config) == [
        "6:12: trunk.t.password: the environment variable NOWHERE is not set; set it before starting siaga"
    ]
    password = config.trunks["t"].password
    assert password is not None
    with pytest.raises(SecretUnavailableError, match="NOWHERE is not set"):
        password.value()
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, sentence in (
        ("absent", "cannot be read: No such file or directory"),
        ("empty", "is empty"),
        ("binary", "cannot be read: it is not text in UTF-8"),
    ):
        assert sentence in warnings(loaded(tmp_path, f'{trunk}{{ file = "{name}" }}\n'))[0]


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        ('every = "30m"\nwhen = "closed"\n', "6:8: probe.0.when: never due: without `hours` it is never closed"),
        ('every = "30m"\nhours = "none"\n', "6:9: probe.0.hours: never due: no slot falls into the open time"),
        ('every = "30m"\nhours = "short"\n', "6:9: probe.0.hours: never due: no slot falls into the open time"),
        (
            'every = "30m"\nhours = "all"\nwhen = "closed"\n',
            "6:9: probe.0.hours: never due: no slot falls into the closed",
        ),
        ('every = "50m"\n', "5:9: probe.0.every: does not divide the day: slots start anew at midnight"),
    ],
)
def test_a_probe_that_is_never_or_oddly_due_is_a_warning(tmp_path: Path, more: str, warning: str) -> None:
    hours = '[hours.none]\nmon = []\n[hours.short]\nmon-sun = ["08:10-08:20"]\n[hours.all]\nmon-sun = ["00:00-24:00"]\n'
    found = warnings(loaded(tmp_path, PROBE + more + SCRIPT + hours))
    assert len(found) == 1
    assert found[0].startswith(warning)


def test_a_deadline_beyond_the_cap_is_a_warning(tmp_path: Path) -> None:
    found = warnings(loaded(tmp_path, f'{PROBE}script = [{{ expect = "agent", within = "20m" }}]\n'))
    assert found == [
        "5:40: probe.0.script.0.within: the run ends after 900s, before this deadline; set a longer `cap` on the probe"
    ]


def test_known_prompts_and_sounds_are_found_beside_the_file(tmp_path: Path) -> None:
    for name in ("prompts/menu.wav", "sounds/salam.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"RIFF")
    loaded(tmp_path, f'{PROBE}script = [{{ expect = "prompt:menu" }}, {{ play = "salam" }}]\n')
    with pytest.raises(ConfigError, match=r"no recording of the prompt 'menus': .*; did you mean `prompt:menu`\?"):
        loaded(tmp_path, f'{PROBE}script = [{{ expect = "prompt:menus" }}]\n')


def test_the_file_is_found_in_the_order_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SIAGA_CONFIG", raising=False)
    assert find() in (None, Path("/etc/siaga/siaga.toml"))
    (tmp_path / "siaga.toml").write_text("")
    assert find() == Path("siaga.toml")
    monkeypatch.setenv("SIAGA_CONFIG", "named.toml")
    assert find() == Path("named.toml")
    assert find(Path("explicit.toml")) == Path("explicit.toml")
    monkeypatch.setenv("SIAGA_CONFIG", "")
    assert find() == Path("siaga.toml")


def test_paths_are_relative_to_the_file_and_not_to_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/siaga.toml").write_text('prompts = "p"\n[storage]\nurl = "sqlite:///data/../x.db"\n')
    monkeypatch.chdir(tmp_path)
    config = load(Path("etc/siaga.toml"))
    assert config.prompts == tmp_path / "etc/p"
    assert config.storage.database_url() == f"sqlite:///{tmp_path}/etc/x.db"


@pytest.mark.parametrize(
    ("secret", "meant"),
    [
        ("sqlite:///data/x.db", "sqlite:///{}/etc/data/x.db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("postgresql://u:p@db/siaga", "postgresql://u:p@db/siaga"),
    ],
)
def test_a_database_behind_a_secret_lies_where_a_literal_one_would(
    secret: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/siaga.toml").write_text('[storage]\nurl = { env = "SIAGA_TEST_URL" }\n')
    monkeypatch.setenv("SIAGA_TEST_URL", secret)
    monkeypatch.chdir(tmp_path)
    assert load(Path("etc/siaga.toml")).storage.database_url() == meant.format(tmp_path)


@pytest.mark.parametrize("secret", ["sqlite:///", "sqlite:///:memory:", "sqlite:///x.db?mode=ro&key=s3cret"])
def test_a_database_behind_a_secret_that_is_no_file_is_refused_without_telling_it(
    secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = loaded(tmp_path, '[storage]\nurl = { env = "SIAGA_TEST_URL" }\n')
    monkeypatch.setenv("SIAGA_TEST_URL", secret)
    with pytest.raises(SecretUnavailableError, match=r"storage\.url.*a file is expected") as refused:
        config.storage.database_url()
    assert "s3cret" not in str(refused.value)


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    config = default(tmp_path)
    assert config.probes == ()
    assert config.prompts == tmp_path / "prompts"
    assert config.storage.evidence == tmp_path / "evidence"


def test_the_fingerprint_is_that_of_the_file(tmp_path: Path) -> None:
    config = loaded(tmp_path, PROBE + SCRIPT)
    assert config.fingerprint == hashlib.sha256((PROBE + SCRIPT).encode()).hexdigest()


def test_every_channel_declares_itself_without_being_imported() -> None:
    assert set(words()) == set(CHANNELS)
    with pytest.raises(KeyError):
        declared("dialguard")


def test_loading_a_configuration_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from siaga.config import load; load(Path(sys.argv[1]));"
        "heavy = ('sqlalchemy', 'numpy', 'pjsua2', 'onnxruntime', 'httpx', 'rich', 'holidays');"
        "print([m for m in heavy if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code, EXAMPLE], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout == "[]\n"


def test_the_example_is_toml_that_other_programs_read() -> None:
    data = tomllib.loads(EXAMPLE.read_text("utf-8"))
    assert {"timezone", "centre", "storage", "hours", "trunk", "dial", "probe", "maintenance"} <= set(data)
