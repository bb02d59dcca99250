"""Everything siaga says to people is said in both languages."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import pytest

from probe.outcome import Outcome, StepVerdict, Timings
from probe.reasons import RULES, Judged, Owner, Reason, Stage, Verdict, owner_of
from probe.words import LANGUAGES, Language, catalogue, check, sentence, word

PASSED = Outcome(
    verdict=Verdict.PASS,
    stage=None,
    reason=None,
    owner=None,
    detail="",
    accessibility=Judged.OK,
    availability=Judged.OK,
    timings=Timings(time_to_agent_s=41.6),
    steps=(),
)


def outcome(reason: Reason, stage: Stage, detail: str = "") -> Outcome:
    rule = RULES[reason]
    return replace(
        PASSED, verdict=rule.verdict, stage=stage, reason=reason, owner=owner_of(reason, stage), detail=detail
    )


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_label_and_says_what_a_customer_lives_through(reason: Reason) -> None:
    assert f"reason.{reason}" in catalogue()
    assert f"experience.{reason}" in catalogue()


def test_no_words_are_kept_for_reasons_that_do_not_exist() -> None:
    told = {key.partition(".")[2] for key in catalogue() if key.startswith(("reason.", "experience."))}
    assert told - {"pass", "pass_agent"} == {reason.value for reason in Reason}


def test_every_value_of_a_record_has_a_word() -> None:
    wanted = chain(
        (f"verdict.{v}" for v in (*Verdict, *StepVerdict)),
        (f"stage.{s}" for s in Stage),
        (f"owner.{o}" for o in Owner),
        (f"result.{j}" for j in Judged),
        (f"timing.{name}" for name in Timings.__dataclass_fields__),
    )
    assert not [key for key in wanted if key not in catalogue()]


def test_the_languages_do_not_say_the_same_by_mistake() -> None:
    same = {key for key, texts in catalogue().items() if len(set(texts.values())) == 1}
    sentences = {key for key in same if key.startswith(("experience.", "doctor.", "demo."))}
    assert not sentences - {"doctor.engine", "doctor.ok"}


@pytest.mark.parametrize(
    "texts",
    [
        {"id": "{a}", "en": "{b}"},
        {"id": "{a}", "en": ""},
        {"id": "a"},
        {"en": "a", "id": "a"},
        {"id": "{a} {b}", "en": "{a}"},
    ],
)
def test_a_word_that_is_not_complete_in_both_languages_is_refused(texts: dict[Language, str]) -> None:
    with pytest.raises(ValueError, match=r"some\.key"):
        check("some.key", texts)


def test_placeholders_are_filled_and_what_stands_in_a_value_is_not() -> None:
    assert word("live.refused", "en", code=486, phrase="{code} {0} %s") == "refused: 486 {code} {0} %s"


def test_a_missing_value_or_an_unknown_key_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        word("live.refused", "en", code=486)
    with pytest.raises(KeyError):
        word("live.nothing", "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("reason", "stage"), [(r, s) for r in Reason for s in sorted(RULES[r].stages)])
def test_a_message_says_experience_stage_and_reason(language: Language, reason: Reason, stage: Stage) -> None:
    said = sentence(outcome(reason, stage, "SIP 486."), language)
    assert word(f"experience.{reason}", language) in said
    assert word(f"stage.{stage}", language) in said
    assert f"{word(f'reason.{reason}', language)} (SIP 486)." in said
    assert "{" not in said


def test_a_pass_says_how_long_the_customer_waited_for_the_agent() -> None:
    assert sentence(PASSED, "id") == "Pelanggan terhubung ke Agent dalam 42 detik."
    assert sentence(replace(PASSED, timings=Timings()), "en") == "A customer is served as the test expects."
