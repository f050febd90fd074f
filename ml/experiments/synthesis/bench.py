"""One row of the tables: everything that is measured of some synthetic days."""

from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.evaluation.distances import (
    Distance,
    copied_rows,
    day_distance,
    nearest,
    window_distance,
)
from ml.evaluation.privacy import People, membership, nearness
from ml.evaluation.statistics import Interval
from ml.evaluation.synthesis import compare_days, context_fid, profile
from ml.experiments.synthesis.protocol import Protocol
from ml.records.cgm.days import GlucoseDays
from ml.scorers.discriminative import discriminative
from ml.scorers.embedding import DayEncoder, day_encoder
from ml.scorers.predictive import errors_on, predictive

Row = dict[str, Any]


def views(step_minutes: int) -> dict[str, Distance]:
    """The distances under which copies are looked for."""
    return {
        "day": day_distance(step_minutes=step_minutes),
        "shifted_day": day_distance(step_minutes=step_minutes, shift_minutes=60, level=False),
        "window": window_distance(step_minutes=step_minutes),
    }


class Bench:
    """Training people's and held-out people's days, and what is learnt from them once.

    Args:
        training: what generators were fitted on.
        held_out: days of people that neither generators nor encoder ever saw.
        protocol: how to measure.
    """

    def __init__(self, training: GlucoseDays, held_out: GlucoseDays, protocol: Protocol) -> None:
        self.training, self.held_out, self.protocol = training, held_out, protocol

    @property
    def sizes(self) -> dict[str, int]:
        """Days and people on either side."""
        return {
            "training_days": len(self.training),
            "training_people": int(np.unique(self.training.person).size),
            "held_out_days": len(self.held_out),
            "held_out_people": int(np.unique(self.held_out.person).size),
            "step_minutes": self.training.step_minutes,
        }

    @property
    def real_picture(self) -> Row:
        """The held-out people's days as the plots show them: percentiles alone, no day."""
        return picture(self.held_out) | {"distances": self._distances(self.held_out)}

    def row(self, made: GlucoseDays) -> Row:
        """Every measure of `made`, which stands for as many days as it has."""
        rng = np.random.default_rng([self.protocol.seed, 7])
        return {
            "synthetic_days": len(made),
            "against_training": self._against(self.training, made, rng, redraw=False),
            "against_held_out": self._against(self.held_out, made, rng, redraw=True),
            "discriminative": self._discriminative(made, rng),
            "predictive": self._predictive(made, rng),
            "context_fid": as_list(self._fid(made, rng)),
            "privacy": self._privacy(made, rng),
            "picture": picture(made) | {"distances": self._distances(made)},
        }

    def fidelity(self, made: GlucoseDays) -> Row:
        """How far `made` is from either side, and nothing else of it."""
        rng = np.random.default_rng([self.protocol.seed, 13])
        return {
            "against_training": self._against(self.training, made, rng, redraw=False),
            "against_held_out": self._against(self.held_out, made, rng, redraw=True),
        }

    def _against(
        self, real: GlucoseDays, made: GlucoseDays, rng: np.random.Generator, *, redraw: bool
    ) -> Row:
        found = compare_days(real, made, rng=rng, draws=self.protocol.draws, redraw_real=redraw)
        hours = {name: np.round(values, 4).tolist() for name, values in found.hours.items()}
        return {name: as_list(value) for name, value in found.figures.items()} | {"hours": hours}

    def _discriminative(self, made: GlucoseDays, rng: np.random.Generator) -> Row:
        found = discriminative(
            self.held_out,
            made,
            rng=rng,
            seeds=self.protocol.scorer_seeds,
            epochs=self.protocol.scorer_epochs,
        )
        return asdict(found) | {"score": as_list(found.score)}

    def _predictive(self, made: GlucoseDays, rng: np.random.Generator) -> Row:
        taught = some(made, len(self.training), rng)
        errors = self._errors(taught)
        found = predictive(
            errors, self._real_errors, self.held_out, training_days=len(taught), rng=rng
        )
        ratios = {name: as_list(getattr(found, name)) for name in _RATIOS}
        return asdict(found) | ratios

    def _fid(self, made: GlucoseDays, rng: np.random.Generator) -> Interval:
        return context_fid(
            self.held_out, some(made, len(self.held_out), rng), self._encoder, rng=rng
        )

    def _privacy(self, made: GlucoseDays, rng: np.random.Generator) -> Row:
        inside, outside = (
            People(side.mg_dl, side.person) for side in (self.training, self.held_out)
        )
        found: Row = {"copied_days": copied_rows(made.mg_dl, self.training.mg_dl)}
        for name, distance in views(made.step_minutes).items():
            near = nearness(
                inside, outside, made.mg_dl, distance, rng=rng, draws=self.protocol.draws
            )
            told = membership(
                inside, outside, made.mg_dl, distance, rng=rng, draws=self.protocol.draws
            )
            found[name] = asdict(near) | {
                "dcr_share": as_list(near.dcr_share),
                "near_copies": as_list(near.near_copies),
                "fires": near.fires,
                "attacks": {attack: as_list(auc) for attack, auc in told.attacks.items()},
                "membership_bound": told.bound,
            }
        return found

    def _distances(self, made: GlucoseDays) -> list[float]:
        """Percentiles (0 to 100, every fifth) of the distance to the nearest training day."""
        distance = views(made.step_minutes)["shifted_day"]
        found = nearest(made.mg_dl, self.training.mg_dl, distance)[:, 0]
        return [round(float(value), 4) for value in np.percentile(found, np.arange(0, 101, 5))]

    def _errors(self, training: GlucoseDays) -> npt.NDArray[np.floating]:
        return errors_on(
            training,
            self.held_out,
            rng=np.random.default_rng([self.protocol.seed, 8]),
            seeds=self.protocol.scorer_seeds,
            epochs=max(2, self.protocol.scorer_epochs * 2 // 3),
        )

    @cached_property
    def _real_errors(self) -> npt.NDArray[np.floating]:
        return self._errors(self.training)

    @cached_property
    def _encoder(self) -> DayEncoder:
        rng = np.random.default_rng([self.protocol.seed, 9])
        return day_encoder(self.training, rng=rng, epochs=self.protocol.scorer_epochs)


_RATIOS = ("next_step_ratio", "hour_ratio")


def some(days: GlucoseDays, most: int, rng: np.random.Generator) -> GlucoseDays:
    """At most `most` of these days, drawn at random."""
    return days if len(days) <= most else days.take(rng.permutation(len(days))[:most])


def picture(days: GlucoseDays) -> Row:
    """Percentiles by hour and every fourth point of the rates' distribution, for the plots."""
    percentiles, rates, share = profile(days)
    return {
        "percentiles": np.round(percentiles, 1).tolist(),
        "rates": np.round(rates[1::4], 3).tolist(),
        "rate_share": np.round(share[1::4], 5).tolist(),
    }


def as_list(interval: Interval) -> list[float]:
    """Value, low, high, as JSON keeps them."""
    return [float(interval.value), float(interval.low), float(interval.high)]
