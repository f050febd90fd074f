"""What contradicts itself is not signed: the run ends, says what it is, and leaves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from backend.domain.generation import RunPlan, RunState
from backend.domain.release import Evidence, Spent
from backend.ports import Ports
from backend.ports.generators import CohortMember
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.content_store import InMemoryContentStore
from tests.fakes.generators import FakeCohortGenerators
from tests.stand_in_ports import SettableClock


class Attesting(FakeCohortGenerators):
    """Attests what passes, but for these fields."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.changes = changes

    def evidence(self, members: Sequence[CohortMember], plan: RunPlan) -> Evidence:
        return replace(super().evidence(members, plan), **self.changes)


@pytest.fixture
def studio(ports: Ports, clock: SettableClock, chain: FakeChain) -> Studio:
    made = Studio(ports, clock, chain)
    made.people()
    return made


def test_what_contradicts_itself_or_its_lineage_or_was_not_asked_for_is_not_signed(
    studio: Studio, content: InMemoryContentStore
) -> None:
    ports, before = studio.ports, set(content.pinned())
    outside = FakeCohortGenerators()
    outside.worse = {"dcr_share": (0.7, 0.1, 0.5)}
    for generators, named in (
        (outside, "dcr_share is 0.7, outside of its own bounds"),
        (Attesting(people=80), "38 people learnt from and 12 held out are not 80 in all"),
        (Attesting(training_people=30, holdout_people=20), "38 have windows in the lineage"),
        (Attesting(privacy=Spent(1.0, 1e-6, 1.0, "x")), "was not asked for"),
    ):
        studio.ports = replace(ports, generators=generators)
        run = studio.run()
        assert (run.state, run.reason) == (RunState.REFUSED, "invalid_field")
        assert run.message is not None and named in run.message
        assert studio.dataset(run.id) is None
        assert studio.key_state(run.id) == "destroyed"
    assert set(content.pinned()) == before
    studio.ports = ports
    assert studio.run().state is RunState.RELEASED
