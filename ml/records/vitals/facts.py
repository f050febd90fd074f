"""The vocabulary's facts of a person, and the outcomes that somebody judged."""

from ml.records.vitals.signs import MG_DL
from ml.records.vitals.variable import Unit, Variable, classes, number, yes_or_no

_YEARS = Unit("years", ("year", "yr", "yrs", "y", "세"))
_CM = Unit("cm", ("centimeter", "centimetre"))
_METRES = Unit("m", ("meter", "metre", "meters", "metres"), factor=100.0)
_INCHES = Unit("in", ("inch", "inches"), factor=2.54)
_KG = Unit("kg", ("kgs", "kilogram", "kilograms"))
_POUNDS = Unit("lb", ("lbs", "pound", "pounds"), factor=0.45359237)
_KG_M2 = Unit("kg/m2", ("kgm2", "kgm²"))
_HOURS = Unit("h", ("hours", "hour", "hr", "hrs"))

FACTS: tuple[Variable, ...] = (
    number(
        "age", "age in full years", "fact", (_YEARS,), (0, 120), "ageyears, ageinyears, 나이, 연령"
    ),
    classes(
        "sex",
        "sex as the person gives it",
        "fact",
        ("female", "male"),
        ("f, woman, 여, 여성, 여자", "m, man, 남, 남성, 남자"),
        "gender, 성별",
        ordered=False,
    ),
    number(
        "height",
        "height",
        "fact",
        (_CM, _METRES, _INCHES),
        (30, 280),
        "bodyheight, stature, 키, 신장",
    ),
    number(
        "weight",
        "weight",
        "fact",
        (_KG, _POUNDS),
        (0.5, 650),
        "bodyweight, mass, 체중, 몸무게",
        decimals=1,
        step=0.5,
    ),
    number(
        "bmi",
        "body mass index",
        "fact",
        (_KG_M2,),
        (5, 150),
        "bodymassindex, derivedbmi, 체질량지수",
        decimals=1,
        step=0.1,
    ),
    number(
        "cholesterol",
        "total cholesterol",
        "fact",
        (MG_DL, Unit("mmol/L", factor=38.67)),
        (40, 1500),
        "totalcholesterol, 콜레스테롤, 총콜레스테롤",
        step=3.867,
    ),
    number(
        "triglycerides",
        "triglycerides",
        "fact",
        (MG_DL, Unit("mmol/L", factor=88.57)),
        (20, 3000),
        "triglyceride, tg, 중성지방",
        step=8.857,
    ),
    yes_or_no("smoking", "whether the person smokes", "fact", "smoker, currentsmoker, 흡연"),
    yes_or_no("alcohol", "whether the person drinks alcohol", "fact", "alcoholconsumption, 음주"),
    yes_or_no("diabetes", "whether diabetes is known", "fact", "diabetic, 당뇨, 당뇨병"),
    yes_or_no(
        "hypertension", "whether high blood pressure is known", "fact", "highbloodpressure, 고혈압"
    ),
    yes_or_no(
        "family_history",
        "whether close relatives have heart disease",
        "fact",
        "familyhistory, 가족력",
    ),
    yes_or_no("obesity", "whether obesity is known", "fact", "obese, 비만"),
    yes_or_no(
        "previous_heart_problems",
        "whether there was heart disease before",
        "fact",
        "previousheartproblems, heartdisease, 심장질환",
    ),
    yes_or_no("medication", "whether medicine is taken", "fact", "medicationuse, 약물복용"),
    yes_or_no("pregnant", "whether there is a pregnancy", "fact", "pregnancy, 임신"),
    classes(
        "diet",
        "how healthy the person calls the diet",
        "fact",
        ("unhealthy", "average", "healthy"),
        ("", "", ""),
        "식습관",
        ordered=True,
    ),
    number("stress_level", "stress from 1 to 10", "fact", (), (1, 10), "stress, 스트레스"),
    number(
        "exercise_hours",
        "hours of exercise a week",
        "fact",
        (_HOURS,),
        (0, 168),
        "exercisehoursperweek, 운동시간",
        decimals=1,
        step=0.1,
    ),
    number(
        "sedentary_hours",
        "hours of sitting a day",
        "fact",
        (_HOURS,),
        (0, 24),
        "sedentaryhoursperday, 좌식시간",
        decimals=1,
        step=0.1,
    ),
    number(
        "sleep_hours",
        "hours of sleep a day",
        "fact",
        (_HOURS,),
        (0, 24),
        "sleephoursperday, sleep, 수면시간",
        decimals=1,
        step=0.1,
    ),
    number(
        "active_days",
        "days a week with physical activity",
        "fact",
        (),
        (0, 7),
        "physicalactivitydaysperweek, activedays",
    ),
)

OUTCOMES: tuple[Variable, ...] = (
    classes(
        "status",
        "the state that a service or a nurse saw: 0 normal, 1 caution, 2 danger",
        "outcome",
        (0, 1, 2),
        ("normal, 정상", "caution, 주의", "danger, emergency, 위험, 응급"),
        "state, userstatus, 상태",
        ordered=True,
    ),
    classes(
        "triage_level",
        "triage by KTAS, CTAS or ESI: 1 is the most urgent, 5 the least",
        "outcome",
        (1, 2, 3, 4, 5),
        ("", "", "", "", ""),
        "triage, ktas, ktasexpert, ctas, esi, 중증도",
        ordered=True,
    ),
    classes(
        "risk_level",
        "risk as somebody judged it",
        "outcome",
        ("normal", "low", "medium", "high"),
        ("정상", "low risk, 낮음", "mid, mid risk, medium risk, 보통", "high risk, 높음"),
        "risk, risklevel, riskcategory, 위험도",
        ordered=True,
    ),
    yes_or_no(
        "heart_attack_risk",
        "whether a risk of heart attack was found",
        "outcome",
        "heartattackrisk, 심장마비위험",
    ),
)
