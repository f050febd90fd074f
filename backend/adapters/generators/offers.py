"""The generators that a run may name. What may not leave is listed too, so that a run that names
it gets the reason, and a comparison can be read beside what is released."""

from backend.domain.consent import Kind
from backend.ports.generators import GeneratorOffer

SETTINGS = ("full", "quick")
_OURS = "Apache-2.0"
_SDV = "Business Source License 1.1 (SDV)"
_RESAMPLING = "MIT (imbalanced-learn)"
_TABLES = frozenset({Kind.VITALS})
_DAYS = frozenset({Kind.CGM})


def _offer(
    name: str,
    kinds: frozenset[Kind],
    *,
    licence: str = _OURS,
    releasable: bool = True,
    private: bool = False,
) -> GeneratorOffer:
    return GeneratorOffer(name, kinds, SETTINGS, licence, releasable, private)


OFFERS = tuple(
    sorted(
        (
            _offer("singan", _DAYS),
            _offer("gaussian_days", _DAYS),
            _offer("block_bootstrap", _DAYS, releasable=False),
            _offer("gaussian_copula", _TABLES, private=True),
            _offer("ctgan", _TABLES),
            _offer("tvae", _TABLES, private=True),
            _offer("tabddpm", _TABLES, private=True),
            _offer("random_oversampling", _TABLES, licence=_RESAMPLING, releasable=False),
            _offer("smote", _TABLES, licence=_RESAMPLING, releasable=False),
            _offer("adasyn", _TABLES, licence=_RESAMPLING, releasable=False),
            _offer("sdv_gaussian_copula", _TABLES, licence=_SDV, releasable=False),
            _offer("sdv_ctgan", _TABLES, licence=_SDV, releasable=False),
            _offer("sdv_tvae", _TABLES, licence=_SDV, releasable=False),
            _offer("sdv_copulagan", _TABLES, licence=_SDV, releasable=False),
        ),
        key=lambda offer: offer.name,
    )
)
