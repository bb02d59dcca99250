"""The one catalogue of words for people, Indonesian first, English second; the texts stand in ``catalogue/*.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from probe.outcome import Outcome

Language = Literal["id", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
NOTHING: Final = "\N{EN DASH}"
"""A cell where nothing applies."""
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@cache
def catalogue() -> Mapping[str, Mapping[Language, str]]:
    """All words by dotted key. Raises ValueError when one lacks a language, its placeholders differ, or it is twice."""
    words: dict[str, Mapping[Language, str]] = {}
    for file in sorted(Path(__file__).with_name("catalogue").glob("*.toml")):
        for section, names in tomllib.loads(file.read_text("utf-8")).items():
            for name, texts in names.items():
                key = f"{section}.{name}"
                if key in words:
                    raise ValueError(f"{key}: stands in two files of the catalogue; {file.name} is one of them")
                check(key, texts)
                words[key] = MappingProxyType(texts)
    return MappingProxyType(words)


def check(key: str, texts: Mapping[Language, str]) -> None:
    """Raise ValueError unless the key is said in every language with the same placeholders."""
    if tuple(texts) != LANGUAGES or not all(texts.values()):
        raise ValueError(f"{key}: needs a text in each of {', '.join(LANGUAGES)}, in this order")
    asked = {frozenset(PLACEHOLDER.findall(text)) for text in texts.values()}
    if len(asked) != 1:
        raise ValueError(f"{key}: the placeholders differ between the languages")


def word(key: str, language: Language, **values: object) -> str:
    """The text of a key with its placeholders filled. Raises KeyError for an unknown key or a missing value.

    Values are put in as they are: a brace inside a value (a far end may send one) is never read as a placeholder.
    """
    return PLACEHOLDER.sub(lambda hole: str(values[hole[1]]), catalogue()[key][language])


def printable(text: str) -> str:
    """The text on one line without control characters and half characters: a far end's words must drive no terminal."""
    if text.isprintable():  # nearly all are, and reports print thousands
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def sentence(outcome: Outcome, language: Language) -> str:
    """The message of a record: what the customer experiences, the stage, the reason and what exactly was seen."""
    reason, stage = outcome.reason, outcome.stage
    if reason is None or stage is None:
        agent_s = outcome.timings.time_to_agent_s
        if agent_s is None:
            return word("experience.pass", language)
        return word("experience.pass_agent", language, seconds=f"{agent_s:.0f}")
    return word(
        "message.judged_detail" if outcome.detail else "message.judged",
        language,
        experience=word(f"experience.{reason}", language),
        stage=word(f"stage.{stage}", language),
        reason=word(f"reason.{reason}", language),
        detail=outcome.detail.rstrip("."),
    )
