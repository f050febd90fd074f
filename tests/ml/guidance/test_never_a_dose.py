"""No sentence names a dose, a drug or a diagnosis, whatever the person wrote."""

import re
from dataclasses import replace
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.guidance.advice import Evidence, Finding, Period
from ml.guidance.quoting import quotable
from ml.guidance.validator import ForbiddenAdvice, checked, forbidden_in
from ml.guidance.words import LANGUAGES, catalogue, said
from tests.ml.guidance.planted import Plan, dipped, plant, told, with_insulin

PERIOD = Period("2026-11-02", "2026-11-15", 14)
SMUGGLED = [
    "take 10 units",
    "10u",
    "10 U rapid",
    "Inject more insulin",
    "i n s u l i n",
    "in-su-lin",
    "INSULIN",
    "ｉｎｓｕｌｉｎ",
    "іnsulin",
    "ɪnsulin",
    "ínsulin",
    "insu\u200blin",
    "insu\u00adlin",
    "ten units of Humalog",
    "double the dose",
    "do se up",
    "metformin",
    "식사 후 인슐린 10단위",
    "인 슐 린",
    "주사 두 번",
    "혈당약 한 알",
    "you are diabetic",
    "당뇨병",
    "<b>pie</b>",
    "<script>alert(1)</script>",
    "[pie](https://x.example)",
    "{numbers}",
    "{0.__class__}",
    "%s %(x)s",
    "pie\n\nTake ten",
    "Take ten of them",
    "\u202epie",
    "http://x.example",
    "pie & chips",
    "٣ وحدات",
    "инсулин",
    "胰岛素",
    "&#105;nsulin",
    "x" * 41,
    "five words are too many",
    "",
]
NAMES = ["Porridge", "Crème brûlée", "bibim-bap", "비빔밥", "Kim's 김밥", "된장 찌개", "pho bo"]
DOSES = [
    "Take 10 units now.",
    "Take 4.5 U.",
    "Use 500 mg of it.",
    "Give 1 g more.",
    "Ask for metformin.",
    "10단위를 맞으세요.",
    "인슐린을 늘리세요.",
    "You have diabetes.",
    "당뇨로 보입니다.",
    "Raise the basal rate.",
    "See <a href=x>this</a>.",
    "Take semaglutide.",
    "Empagliflozin helps.",
    "Type 1 is likely.",
    "Two pills.",
]


@pytest.mark.parametrize("text", DOSES)
def test_the_validator_refuses(text: str) -> None:
    with pytest.raises(ForbiddenAdvice) as refused:
        checked(text)
    assert text not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["It rose by 60 mg/dL.", "약 70 mg/dL 정도입니다.", "10 정도", "In 3 hours."]
)
def test_the_validator_lets_figures_of_glucose_pass(text: str) -> None:
    assert checked(text) == text


@pytest.mark.parametrize("name", SMUGGLED)
def test_a_name_that_could_be_anything_else_is_not_quoted(name: str) -> None:
    assert quotable(name) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_a_name_is_quoted(name: str) -> None:
    assert quotable(name) == name


def named(name: str) -> Finding:
    numbers = {
        "slot": "morning",
        "count": 8,
        "rise": 60,
        "rise_low": 40,
        "rise_high": 70,
        "hours": 3,
        "level": 95,
        "comparable": 9,
        "difference": 50,
        "difference_low": 30,
        "difference_high": 60,
    }
    return Finding("meal_rise_same_hours", Evidence(PERIOD, numbers, "shift"), quoted=name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SMUGGLED)
def test_what_is_smuggled_in_a_name_changes_no_sentence(name: str, language: str) -> None:
    assert said(named(name), language) == said(named(""), language)  # type: ignore[arg-type]


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_no_text_of_the_person_breaks_a_sentence(name: str, language: str) -> None:
    text = said(named(name), language).text  # type: ignore[arg-type]
    assert forbidden_in(text) is None
    plain = said(named(""), language).text  # type: ignore[arg-type]
    quoted = re.search("“(.*)”", text)
    assert text == plain if quoted is None else quoted[1] == quotable(name)


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="insulINunit doseDOSE -'인슐린단위", min_size=1, max_size=20),
)
def test_nothing_made_of_the_forbidden_words_is_quoted(name: str) -> None:
    quoted = quotable(name)
    if quoted is not None:
        plain = re.sub("[ '-]", "", quoted.lower())
        assert not re.search("insulin|unit|dose|인슐|단위", plain)


def fields_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_language_says_every_sentence_with_the_same_numbers() -> None:
    english, korean = (catalogue(language) for language in LANGUAGES)
    assert english.sentences.keys() == korean.sentences.keys()
    for code, sentence in english.sentences.items():
        assert fields_of(sentence) == fields_of(korean.sentences[code]), code
    for kind in english.pieces:
        assert english.pieces[kind].keys() == korean.pieces[kind].keys()


def test_no_sentence_says_that_one_thing_causes_another() -> None:
    causal = re.compile(
        r"\bcaus|because|due to|leads? to|lowers|reduces|raises|때문|덕분|원인", re.I
    )
    for language in LANGUAGES:
        for code, sentence in catalogue(language).sentences.items():
            assert not causal.search(sentence), code
            if code.startswith(
                ("meal_rise_same", "meal_rise_other", "walk_smaller", "walk_larger")
            ):
                assert "{together}" in sentence


def everything_said() -> list[tuple[str, Evidence]]:
    breakfast = Plan(days=28, rise=(("morning", 60.0), ("evening", 90.0)), walk=0.5, base=130.0)
    people = [plant(seed, breakfast) for seed in range(4)]
    people += [plant(9, Plan()), plant(9, Plan(days=4)), with_insulin(people[0], 6.0)]
    people += [
        dipped(plant(4, Plan(noise=4.0)), hour=hour, days=range(2, 9), depth=55.0, minutes=minutes)
        for hour, minutes in ((3, 30), (1, 180), (15, 45))
    ]
    found = []
    for person in people:
        for language in LANGUAGES:
            guidance = told(person, language, days=28, now=person.now + 5 * 86_400)
            found += [(a.text, a.evidence) for a in guidance.advice]
    return found


def test_every_sentence_passes_the_validator_and_carries_every_number_it_says() -> None:
    said_of_them = everything_said()
    assert len({text for text, _ in said_of_them}) > 40
    for text, evidence in said_of_them:
        assert forbidden_in(text) is None
        assert evidence.numbers and evidence.period.days >= 0 and evidence.method
        known = " ".join(map(str, [*evidence.numbers.values(), *evidence.sources]))
        for number in re.findall(r"\d[\d:.-]*\d|\d", text):
            assert re.search(rf"(?<!\d){re.escape(number)}(?!\d)", known), (number, text)


def test_what_a_person_took_is_in_no_sentence() -> None:
    planted = with_insulin(plant(3, Plan(days=28, rise=(("morning", 60.0),), walk=0.5)), 7.77)
    noted = tuple(replace(m, name="canary") for m in planted.journal.meals)
    planted = replace(planted, journal=replace(planted.journal, meals=noted))
    for language in LANGUAGES:
        for advice in told(planted, language, days=28).advice:
            assert "7.77" not in advice.text and "7.77" not in str(advice.evidence.numbers)
            assert "canary" not in str(advice.evidence)
