"""What was measured of a dataset, as it stands in a certificate."""

from typing import Any

from backend.crypto.strict_json import Fields
from backend.domain.release import Evidence, Measure, Spent

_EVIDENCE = (
    "people trainingPeople holdoutPeople largestShare syntheticRows measures differentialPrivacy"
)


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """The evidence as it stands in a certificate; every figure as a float."""
    spent = evidence.privacy
    return {
        "people": evidence.people,
        "trainingPeople": evidence.training_people,
        "holdoutPeople": evidence.holdout_people,
        "largestShare": float(evidence.largest_share),
        "syntheticRows": evidence.synthetic_rows,
        "measures": {
            name: {
                "value": float(one.value),
                "low": float(one.low),
                "high": float(one.high),
                "n": one.n,
                "protocol": one.protocol,
            }
            for name, one in evidence.measures.items()
        },
        "differentialPrivacy": None
        if spent is None
        else {
            "epsilon": float(spent.epsilon),
            "delta": float(spent.delta),
            "secondEpsilon": float(spent.second_epsilon),
            "accountant": spent.accountant,
        },
    }


def evidence_of(value: Any) -> Evidence:
    """The evidence, or `InvalidField` naming what is missing, unknown or of another type."""
    fields = Fields("certificate", value, _EVIDENCE)
    measures = fields.named("measures")
    spent = fields.raw("differentialPrivacy")
    return Evidence(
        people=fields.whole("people"),
        training_people=fields.whole("trainingPeople"),
        holdout_people=fields.whole("holdoutPeople"),
        largest_share=fields.number("largestShare"),
        synthetic_rows=fields.whole("syntheticRows"),
        measures={name: _measure(one) for name, one in measures.items()},
        privacy=None if spent is None else _spent(spent),
    )


def _measure(value: Any) -> Measure:
    fields = Fields("certificate", value, "value low high n protocol")
    value, low, high = (fields.number(name) for name in ("value", "low", "high"))
    return Measure(value, low, high, fields.whole("n"), fields.text("protocol"))


def _spent(value: Any) -> Spent:
    fields = Fields("certificate", value, "epsilon delta secondEpsilon accountant")
    return Spent(
        fields.number("epsilon"),
        fields.number("delta"),
        fields.number("secondEpsilon"),
        fields.text("accountant"),
    )
