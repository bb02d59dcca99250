"""A channel is imported when it is first used, and a library that is not there costs that channel only."""

from __future__ import annotations

import subprocess
import sys
from types import MappingProxyType

import pytest

from channels import registry
from channels.declared import words
from channels.registry import CHANNELS, ChannelUnavailableError, UnknownChannelError, channel_class


def test_the_registry_knows_the_channels_that_the_configuration_knows() -> None:
    assert set(CHANNELS) == set(words())


@pytest.mark.parametrize("word", sorted(CHANNELS))
def test_a_channel_is_named_as_in_the_configuration(word: str) -> None:
    assert channel_class(word).name == word


def test_asking_for_the_registry_imports_no_channel() -> None:
    ask = "import sys, channels.registry; sys.exit(any(m.startswith('channels.sip') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", ask], timeout=60, check=False).returncode == 0


def test_an_unknown_channel_is_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownChannelError, match=r"allowed: .*sip"):
        channel_class("telex")


def test_a_missing_library_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CHANNELS", MappingProxyType({"fax": "tests.channels.needs_a_fax:Fax"}))
    with pytest.raises(ChannelUnavailableError, match=r"'faxlib'.*uv sync"):
        channel_class("fax")


def test_a_wrong_line_in_the_registry_is_our_own_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CHANNELS", MappingProxyType({"fax": "channels.no_such_module:Fax"}))
    with pytest.raises(ModuleNotFoundError):
        channel_class("fax")
