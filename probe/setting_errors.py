"""From what pydantic found wrong to sentences that say what is allowed, each at its place in the configuration."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from probe.setting import LITERAL_REFUSED, Secret, offer

Loc = tuple[int | str, ...]
SECRET_KEYS = frozenset({"password", "url", "env", "file", "token", "secret", "webhook", "heartbeat_url"})
"""Below these keys an error never repeats what was written."""


@dataclass(frozen=True, slots=True)
class Place:
    """One mistake: the path of the value (or, with ``on_key``, of the key), and what is wrong and allowed."""

    loc: Loc
    message: str
    on_key: bool = False


def refuse_at(wrong: Iterable[Place]) -> None:
    """Inside a validator: refuse several places below the value at once. Does nothing when there is none."""
    if places := tuple(wrong):
        raise PydanticCustomError("places", "several places are wrong", {"places": places})


def places_of(error: ValueError, prefix: Loc = (), model: type[BaseModel] | None = None) -> list[Place]:
    """Every place that an error of a validation names, below ``prefix``."""
    if isinstance(error, ValidationError):
        return [place for detail in error.errors() for place in _places(detail, prefix, model)]
    if isinstance(error, PydanticCustomError) and error.context and "places" in error.context:
        return [replace(p, loc=prefix + p.loc) for p in error.context["places"]]
    return [Place(prefix, str(error))]


def _places(detail: ErrorDetails, prefix: Loc, model: type[BaseModel] | None) -> Iterator[Place]:
    loc: Loc = prefix + detail["loc"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if detail["type"] == "places":
        yield from (replace(p, loc=loc + p.loc) for p in context["places"])
    elif detail["type"] == "extra_forbidden":
        at = _model_at(model, detail["loc"][:-1])
        if at is Secret:  # the key itself may be the secret
            yield Place(loc[:-1], LITERAL_REFUSED)
        else:
            yield Place(loc, _unknown_key(str(loc[-1]), at), on_key=True)
    elif detail["type"] == "missing":
        yield Place(loc, "missing; it is required")
    else:
        yield Place(loc, _sentence(detail, context) + _given(detail, loc))


def _sentence(detail: ErrorDetails, context: Mapping[str, Any]) -> str:
    if isinstance(error := context.get("error"), ValueError):
        return str(error)
    if detail["type"] == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        quoted = ", ".join(f'"{word}"' for word in words) or context["expected"].lower()
        return offer(str(detail["input"]), words, quoted).removeprefix("; ")
    if say := _SENTENCES.get(detail["type"]):
        return say(context)
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"


_FORMS = {
    "^[a-z0-9][a-z0-9-]*$": "lower-case letters, digits and, after the first, -",
    "^[a-z]{2,3}$": 'two or three lower-case letters, such as "id"',
    "^[0-9A-D*#]+$": "digits, *, # and A to D",
    "^[A-Za-z0-9][A-Za-z0-9_.-]*$": "letters, digits, and after the first also _ . -",
    "^[A-Za-z_][A-Za-z0-9_]*$": "the name of an environment variable",
    "^[A-Z]{2}(-[A-Z0-9]{1,3})?$": 'the code of a country, such as "ID"',
}
"""Patterns of the models in words; a test asserts that none is missing."""

_SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "string_type": lambda _: "text in quotes is expected",
    "string_pattern_mismatch": lambda c: f"wrong form; allowed: {_FORMS.get(c['pattern'], c['pattern'])}",
    "string_too_short": lambda c: (
        "empty text; it needs at least one character" if c["min_length"] == 1 else "too short"
    ),
    "string_too_long": lambda c: f"too long; at most {c['max_length']} characters are expected",
    "too_short": lambda c: f"too short; at least {c['min_length']} is expected",
    "int_type": lambda _: "a whole number is expected",
    "float_type": lambda _: "a number is expected",
    "bool_type": lambda _: "true or false (without quotes) is expected",
    "date_type": lambda _: "a date without quotes is expected, such as 2026-12-25",
    "list_type": lambda _: "a list is expected: [ … ]",
    "tuple_type": lambda _: "a list is expected: [ … ]",
    "dict_type": lambda _: "a table is expected",
    "mapping_type": lambda _: "a table is expected",
    "model_type": lambda _: "a table is expected",
    "greater_than": lambda c: f"too small; more than {c['gt']} is expected",
    "greater_than_equal": lambda c: f"too small; at least {c['ge']} is expected",
    "less_than": lambda c: f"too big; less than {c['lt']} is expected",
    "less_than_equal": lambda c: f"too big; at most {c['le']} is expected",
}


def _given(detail: ErrorDetails, loc: Loc) -> str:
    """``; got 5`` for a plain value that can hold no secret; sentences of our own say it themselves."""
    given = detail["input"]
    silent = detail["type"] in {"value_error", "string_too_short", "too_short", "model_type"}
    if silent or not isinstance(given, (str, int, float)) or SECRET_KEYS & {str(part) for part in loc}:
        return ""
    return "" if isinstance(given, str) and "@" in given else f"; got {_shown(given)}"


def _shown(given: str | float) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    text = json.dumps(given, ensure_ascii=False) if isinstance(given, str) else str(given)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _unknown_key(key: str, model: type[BaseModel] | None) -> str:
    known = sorted(field.alias or name for name, field in model.model_fields.items()) if model else []
    return f"unknown key `{key}`{offer(key, known)}"


def _model_at(model: type[BaseModel] | None, loc: Loc) -> type[BaseModel] | None:
    for part in loc:
        if model is None or isinstance(part, int):
            return None
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        model = _model_in(fields[part].annotation) if part in fields else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        return next((m for arg in get_args(annotation) if (m := _model_in(arg))), None)
    return None


def secret_or(value: object, info: ValidationInfo, text: Callable[[str], str], allowed: str) -> object:
    """A setting that may be a reference to a secret, or plain text that ``text`` checks. Raises ValueError."""
    if isinstance(value, dict):
        try:
            return Secret.model_validate(value, context=info.context)
        except ValueError as error:
            refuse_at(places_of(error, (), Secret))
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError(allowed)
    return text(value)
