"""What exactly was seen, as a key of the catalogue and its values: said in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from probe.words import Language, printable, word


@dataclass(frozen=True, slots=True)
class Detail:
    """``key`` stands in the section ``detail`` of the catalogue; an empty key says nothing."""

    key: str = ""
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def say(self, language: Language) -> str:
        """The detail in words, made printable: a far end's phrase may hold bytes that no JSON file can.

        Raises KeyError for a key that is not in the catalogue.
        """
        return printable(word(f"detail.{self.key}", language, **self.values)) if self.key else ""


NOTHING = Detail()


def detail(key: str, **values: object) -> Detail:
    """A detail with its values."""
    return Detail(key, MappingProxyType(values))


def cause(text: str) -> Detail:
    """Technical words of a far end or of our own side, passed on as they are."""
    return detail("cause", cause=text) if text else NOTHING
