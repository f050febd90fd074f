"""Each word that guidance never says is refused by itself, and so is what hides one."""

import pytest

from ml.guidance.validator import ForbiddenAdvice, checked, forbidden_in

WORDS = {
    "dose": [
        *("3 units", "1 unit", "5u", "2 IU", "4 ie", "500 mg", "20 mcg", "20 µg", "20 μg", "5 g"),
        *("2 ml", "2 cc", "1 tab", "1 cap", "1.5 units", "1,5 mg"),
        *("units", "the unit's", "dose", "doses", "dosed", "dosage", "dosing", "bolus", "basal"),
        *("inject", "injection", "infusion", "pump", "pumps"),
        *("3 유닛", "10단위", "5 밀리그램", "5 마이크로그램", "2정", "한 번에 2알", "1캡슐"),
        *("3방울", "1펜", "유닛", "단위", "용량", "주사", "투여", "복용", "처방", "주입"),
    ],
    "drug": [
        *("insulin", "metformin", "Humalog", "Humulin", "NovoLog", "NovoRapid", "Novolin"),
        *("Fiasp", "Lyumjev", "Apidra", "Admelog", "Lantus", "Toujeo", "Basaglar", "Semglee"),
        *("Tresiba", "Levemir", "lispro", "aspart", "glulisine", "glargine", "degludec"),
        *("detemir", "Afrezza", "Ozempic", "Wegovy", "Rybelsus", "Mounjaro", "Zepbound"),
        *("Victoza", "Saxenda", "Trulicity", "Byetta", "Bydureon", "Januvia", "Janumet"),
        *("Jardiance", "Farxiga", "Forxiga", "Invokana", "Steglatro", "Glucophage"),
        *("Glucotrol", "Amaryl", "Actos", "glucagon", "Baqsimi", "Gvoke"),
        *("sitagliptin", "empagliflozin", "semaglutide", "exenatide", "lixisenatide"),
        *(
            "tirzepatide",
            "pramlintide",
            "Symlin",
            "pioglitazone",
            "repaglinide",
            "glipizide",
            "glimepiride",
            "gliclazide",
            "glyburide",
        ),
        *("glibenclamide", "sulfonylurea", "sulphonylurea", "acarbose", "miglitol", "GLP"),
        *("SGLT2", "prednisone", "steroids", "statin", "statins", "aspirin", "opioid"),
        *("pill", "pills", "tablet", "capsule", "medication", "medicine", "drug", "drugs"),
        *("prescribe", "prescription"),
        *("인슐린", "메트포르민", "메포민", "글루카곤", "란투스", "트레시바", "노보래피드"),
        *("휴마로그", "애피드라", "투제오", "레버미어", "오젬픽", "위고비", "마운자로", "삭센다"),
        *("빅토자", "트루리시티", "자누비아", "자디앙", "포시가", "시타글립틴", "다파글리플로진"),
        *("설폰요소제", "아스피린", "스테로이드", "약물", "약제", "알약", "혈당약", "먹는 약"),
        "의약품",
    ],
    "diagnosis": [
        *("diabetes", "diabetic", "hypoglycaemia", "hypoglycemic", "hyperglycemia", "a hypo"),
        *("hypos", "hyper", "ketoacidosis", "DKA", "diagnosis", "disease", "disorder"),
        *("syndrome", "type 1", "type two", "Type II", "you have it", "you suffer"),
        *("pathological", "neuropathy", "retinopathy"),
        *("당뇨", "저혈당", "고혈당", "케톤", "진단", "질환", "질병", "증후군", "환자", "병입니다"),
        *("제1형", "제 2 형"),
    ],
    "markup": [
        *("<b>", "a > b", "{x}", "[x]", "`x`", "*x*", "a_b", "a | b", "a \\ b", "#1", "a & b"),
        *("a = b", "a ^ b", "$5", "a@b", "ftp://x", "www.x", "http", "https", "javascript"),
    ],
    "text": [
        *("in\u200bsu\u200blin", "in\u00adsulin", "\u202eniluspni", "one\ntwo", "one\ttwo"),
        *("one\x00two", "one\x7ftwo", "one\u2028two", "\ufeffone", "\ud800"),
    ],
}


@pytest.mark.parametrize("rule", WORDS)
def test_each_word_is_refused_by_its_rule_wherever_it_stands(rule: str) -> None:
    missed = []
    for word in WORDS[rule]:
        for text in (word, word.upper(), f"It is {word}.", f"오늘 {word}"):
            if forbidden_in(text) != rule:
                missed.append((word, text, forbidden_in(text)))
    assert missed == []


@pytest.mark.parametrize("rule", WORDS)
def test_a_sentence_with_it_never_passes(rule: str) -> None:
    with pytest.raises(ForbiddenAdvice, match=rule):
        checked(f"It is {WORDS[rule][0]}.")


@pytest.mark.parametrize(
    "text",
    [
        "Your glucose rose by 60 mg/dL after 3 of 8 mornings with “Porridge”.",
        "Between 2:00 and 5:00 it lay under 70 mg/dL on 4 of 14 nights (3 to 6 of 14).",
        "아침 식사 후 3시간 동안 약 60 mg/dL 올랐습니다.",
        "10 정도 낮았습니다.",
    ],
)
def test_what_guidance_says_all_the_time_passes(text: str) -> None:
    assert checked(text) == text
