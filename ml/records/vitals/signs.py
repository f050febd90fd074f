"""The vocabulary's vital signs: what is measured of a person again and again."""

from ml.records.units import MG_DL_PER_MMOL_L
from ml.records.vitals.variable import Unit, Variable, classes, number, yes_or_no

_PER_MINUTE = Unit("/min", ("bpm", "min", "perminute", "permin", "beatsmin", "breathsmin", "rpm"))
_MMHG = Unit("mmHg")
_KPA = Unit("kPa", factor=7.50062)
_PERCENT = Unit("%", ("percent", "pct"))
_FRACTION = Unit("fraction", ("ratio",), factor=100.0)
_CELSIUS = Unit("°C", ("c", "degc", "celsius", "섭씨"))
_FAHRENHEIT = Unit("°F", ("f", "degf", "fahrenheit"), factor=5 / 9, offset=-160 / 9)
_KELVIN = Unit("K", ("kelvin",), offset=-273.15)
MG_DL = Unit("mg/dL")
_MMOL_L = Unit("mmol/L", factor=MG_DL_PER_MMOL_L)
_TEMPERATURES = (_CELSIUS, _FAHRENHEIT, _KELVIN)

SIGNS: tuple[Variable, ...] = (
    number(
        "heart_rate",
        "heart beats per minute",
        "sign",
        (_PER_MINUTE,),
        (20, 300),
        "hr, heartrate, heartbeat, pulse, pulserate, 심박, 심박수, 맥박, 맥박수",
    ),
    number(
        "respiration_rate",
        "breaths per minute",
        "sign",
        (_PER_MINUTE,),
        (2, 90),
        "rr, resprate, respiratoryrate, respiration, breathingrate, 호흡, 호흡수",
    ),
    number(
        "systolic_bp",
        "systolic blood pressure",
        "sign",
        (_MMHG, _KPA),
        (30, 300),
        "sbp, systolic, systolicbp, systolicbloodpressure, bloodpressuresystolic, nisysabp, "
        "sysabp, 수축기혈압, 최고혈압",
    ),
    number(
        "diastolic_bp",
        "diastolic blood pressure",
        "sign",
        (_MMHG, _KPA),
        (10, 200),
        "dbp, diastolic, diastolicbp, diastolicbloodpressure, bloodpressurediastolic, nidiasabp, "
        "diasabp, 이완기혈압, 최저혈압",
    ),
    number(
        "oxygen_saturation",
        "saturation of peripheral blood with oxygen",
        "sign",
        (_PERCENT, _FRACTION),
        (30, 100),
        "spo2, sao2, o2sat, saturation, bloodoxygen, oxygensaturation, 산소포화도, 혈중산소농도, "
        "혈중산소포화도",
    ),
    number(
        "body_temperature",
        "core or oral temperature",
        "sign",
        _TEMPERATURES,
        (25, 45),
        "bt, temp, bodytemp, temperature, bodytemperature, 체온",
        decimals=1,
        step=0.1,
    ),
    number(
        "skin_temperature",
        "temperature of the skin, which is not that of the body",
        "sign",
        _TEMPERATURES,
        (10, 45),
        "skintemp, wristtemperature, skintemperature, 피부온도",
        decimals=1,
        step=0.1,
    ),
    number(
        "blood_glucose",
        "glucose of one measurement",
        "sign",
        (MG_DL, _MMOL_L),
        (20, 1000),
        "bs, bg, glucose, bloodsugar, bloodglucose, 혈당",
        step=MG_DL_PER_MMOL_L / 10,
    ),
    number(
        "steps",
        "steps counted since the measurement before",
        "sign",
        (),
        (0, 200_000),
        "step, stepcount, 걸음수, 걸음",
    ),
    number(
        "calories",
        "energy spent since the measurement before",
        "sign",
        (Unit("kcal"),),
        (0, 20_000),
        "calorie, caloriesburned, energy, 칼로리, 칼로리소비량",
    ),
    classes(
        "consciousness",
        "ACVPU: alert, confused, responds to voice, to pain, not at all",
        "sign",
        ("alert", "confused", "voice", "pain", "unresponsive"),
        ("a, 명료", "c", "v, verbal", "p", "u, 무반응"),
        "avpu, acvpu, mental, loc, 의식, 의식수준, 의식상태",
        ordered=True,
        codes={"mental": ("1", "", "2", "3", "4")},
    ),
    yes_or_no(
        "supplemental_oxygen",
        "whether oxygen is being given",
        "sign",
        "onoxygen, oxygentherapy, o2therapy, supplementaloxygen, 산소투여",
    ),
    number(
        "pain_score",
        "pain from 0 to 10, as the person rates it",
        "sign",
        (),
        (0, 10),
        "nrspain, nrs, painscale, painnrs, 통증점수",
    ),
    yes_or_no("in_pain", "whether there is pain", "sign", "pain, haspain, 통증"),
)
