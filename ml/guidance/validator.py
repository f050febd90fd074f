"""What no sentence of guidance may say: doses, drugs, diagnoses, markup."""

import re

_DOSE = (
    r"\d[\d.,]*\s*(?:units?|u|iu|ie|mg(?!\s*/\s*dl)|mcg|µg|μg|g|ml|cc|tab|cap)\b",
    r"\d[\d.,]*\s*(?:유닛|단위|밀리|마이크로|정(?!도)|알|캡슐|방울|펜)",
    r"\bunits?\b|\bunit's\b|\bdos(?:e|es|ed|age|ing)\b|\bbolus|\bbasal|inject|infus|\bpumps?\b",
    r"유닛|단위|용량|주사|투여|복용|처방|주입",
)
_DRUG = (
    r"insul|metform|humalog|humulin|novolog|novorapid|novolin|fiasp|lyumjev|apidra|admelog"
    r"|lantus|toujeo|basaglar|semglee|tresiba|levemir|lispro|aspart|glulisine|glargine|degludec"
    r"|detemir|afrezza|ozempic|wegovy|rybelsus|mounjaro|zepbound|victoza|saxenda|trulicity"
    r"|byetta|bydureon|januvia|janumet|jardiance|farxiga|forxiga|invokana|steglatro|glucophage"
    r"|glucotrol|amaryl|actos|glucagon|baqsimi|gvoke|symlin|pramlint",
    r"\w(?:gliptin|gliflozin|glutide|enatide|patide|glitazone|glinide)\b|\bgl[iy](?:pizide|mepiride"
    r"|clazide|buride|benclamide)|sulfonyl|sulphonyl|acarbose|miglitol|\bglp\b|\bsglt"
    r"|prednis|steroid|\bstatins?\b|aspirin|\bopioid",
    r"\bpills?\b|tablet|capsule|medicat|medicin|\bdrugs?\b|prescri",
    r"인슐린|메트포르민|메포민|글루카곤|란투스|트레시바|노보래피드|휴마로그|애피드라|투제오|레버미어"
    r"|오젬픽|위고비|마운자로|삭센다|빅토자|트루리시티|자누비아|자디앙|포시가|글립틴|글리플로진"
    r"|설폰|아스피린|스테로이드|약물|약제|알약|혈당약|먹는 약|의약",
)
_DIAGNOSIS = (
    r"diabet|glyc[ae]*mi[ac]|\bhypos?\b|\bhypers?\b|ketoacid|\bdka\b|diagnos|\bdisease|\bdisorder"
    r"|syndrome|\btype (?:1|2|one|two|i|ii)\b|\byou (?:have|suffer)|patholog|neuropath|retinopath",
    r"당뇨|저혈당|고혈당|케톤|진단|질환|질병|증후군|환자|병입니다|제\s*[12]\s*형",
)
_MARKUP = (r"[<>{}\[\]`*_|\\#&=^$@]|://|\bwww\.|\bhttps?\b|javascript|[\u0000-\u001f\u007f]",)
_RULES = [
    (name, re.compile("|".join(patterns), re.IGNORECASE))
    for name, patterns in (
        ("dose", _DOSE),
        ("drug", _DRUG),
        ("diagnosis", _DIAGNOSIS),
        ("markup", _MARKUP),
    )
]


class ForbiddenAdvice(ValueError):
    """A sentence says what guidance never says; names the rule, not the sentence."""


def forbidden_in(text: str) -> str | None:
    """The rule that `text` breaks (dose, drug, diagnosis, markup, text), or None."""
    if not text.isprintable():
        return "text"
    return next((name for name, pattern in _RULES if pattern.search(text)), None)


def checked(text: str) -> str:
    """The sentence as it is, or `ForbiddenAdvice`."""
    broken = forbidden_in(text)
    if broken is not None:
        raise ForbiddenAdvice(f"a sentence of guidance breaks the rule about {broken}")
    return text
