"""Messages in plain English: no pattern of a model without its words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from channels.dialling import DialSettings
from channels.listening import SttSettings
from channels.sip_settings import TrunkSettings
from probe.hours import Hours
from probe.script import STEP_BY_VERB
from probe.setting import Secret, near_miss, offer
from probe.setting_errors import _FORMS
from probe.settings import MaintenanceSettings, ProbeSettings
from siaga.config_sections import Centre, General
from storage.settings import StorageSettings

MODELS: list[type[BaseModel]] = [
    General, Centre, StorageSettings, Hours, TrunkSettings, DialSettings, SttSettings, ProbeSettings, Secret,
    MaintenanceSettings,
    *(step for step in STEP_BY_VERB.values()),
]  # fmt: skip


def patterns(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
        return own.union(*(patterns(child) for child in schema.values()))
    return set().union(*map(patterns, schema)) if isinstance(schema, list) else set()


def test_every_pattern_is_explained_in_words() -> None:
    found = set().union(*(patterns(model.__pydantic_core_schema__) for model in MODELS))
    assert found == set(_FORMS)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("trnk", "; did you mean `trunk`? allowed: trunk, hours"), ("zzz", "; allowed: trunk, hours")],
)
def test_near_misses_are_offered_and_far_ones_not(word: str, expected: str) -> None:
    assert offer(word, ("trunk", "hours")) == expected


def test_nothing_to_offer_is_said() -> None:
    assert offer("x", ()) == "; allowed: none yet"
    assert near_miss("TRUNK", ["trunk"]) == "trunk"
