"""Rewards held to the schedule and to the caps."""

from collections import defaultdict
from collections.abc import Sequence

from backend.domain.audit_checks import Check
from backend.domain.consent import Purpose
from backend.domain.deployment import Terms
from backend.domain.evidence import Address
from backend.use_cases.audit.audit_registrations import FULL_QUALITY, Registered
from backend.use_cases.audit.tally import Tally, hexed, where

DAY_S = 86_400


def audit_rewards(registered: Sequence[Registered], terms: Terms, tally: Tally) -> None:
    """Holds every reward to the schedule, to the day's cap and to the epoch's."""
    by_day: dict[tuple[Address, int], int] = defaultdict(int)
    by_epoch: dict[int, int] = defaultdict(int)
    for one in registered:
        event, time = one.event, one.place.time
        subject = f"reward of {hexed(event.digest)} ({where(one.place)})"
        tally.same(Check.REWARD, subject, {"amount": _due(one, terms)}, {"amount": event.reward})
        day, epoch = time // DAY_S, time // max(terms.epoch_length, 1)
        by_day[event.contributor, day] += event.reward
        by_epoch[epoch] += event.reward
        today, this_epoch = by_day[event.contributor, day], by_epoch[epoch]
        tally.that(
            Check.DAILY_CAP,
            subject,
            today <= terms.daily_cap,
            expected=f"at most {terms.daily_cap} for {hexed(event.contributor)} on day {day}",
            found=today,
        )
        tally.that(
            Check.EPOCH_CAP,
            subject,
            this_epoch <= terms.epoch_cap,
            expected=f"at most {terms.epoch_cap} in epoch {epoch}",
            found=this_epoch,
        )


def _due(one: Registered, terms: Terms) -> int:
    """What the schedule pays: nothing without a consent to training, else rate × quality."""
    event = one.event
    if one.consent is None or not one.consent.purposes & Purpose.TRAINING:
        return 0
    rate = terms.rates[event.kind] if event.kind < len(terms.rates) else 0
    return rate * event.quality // FULL_QUALITY
