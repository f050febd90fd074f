"""What the chain will not take now is anchored when it does, once, and paid once."""

from datetime import UTC, datetime, timedelta

from tests.chain_fixture import DeployedChain
from tests.journeys.served import Served, audit, said
from tests.world import catch_up, export_of, run_due_jobs, step


def test_a_reorganisation_of_two_blocks_after_anchoring_ends_in_one_registration(
    service: Served, deployed_chain: DeployedChain
) -> None:
    person = service.patient("haneul")
    receipt = said(person.contribute(export_of(51)))
    mark = deployed_chain.mark()
    service.work()
    seen = person.contribution(receipt["contribution_id"])
    assert seen["status"] == "anchored"
    deployed_chain.mine()
    catch_up(service.ports)

    deployed_chain.reorganise(mark)
    assert service.ports.history.head().number == mark[1] + 2
    catch_up(service.ports)
    undone = person.contribution(receipt["contribution_id"])
    assert (undone["status"], undone["reward"]) == ("submitted", None)
    service.work()

    again = person.contribution(receipt["contribution_id"])
    assert (again["status"], again["reward"]) == ("anchored", seen["reward"])
    after = service.world.census(person.wallet)
    assert len(after.registered) == 1
    assert after.balance == round(float(seen["reward"]) * 1_000_000) > 0
    report = audit(service.world)
    assert report.holds, report.breaches


def test_a_reorganisation_that_takes_the_consent_too_ends_in_both(
    service: Served, deployed_chain: DeployedChain
) -> None:
    person = service.newcomer("haneul")
    mark = deployed_chain.mark()
    service.put_in_force(person.consent("care", "training", until=service.in_a_year()))
    receipt = said(person.contribute(export_of(52)))
    service.work()
    assert deployed_chain.ganache.block_number() == mark[1] + 2

    deployed_chain.reorganise(mark)
    service.work()
    consents = said(person.get("/api/consents"))["consents"]
    assert [one["status"] for one in consents] == ["in_force"]
    assert person.contribution(receipt["contribution_id"])["status"] == "anchored"
    assert len(service.world.census(person.wallet).registered) == 1
    assert audit(service.world).holds


def test_a_paused_registry_is_waited_for(service: Served, deployed_chain: DeployedChain) -> None:
    person = service.patient("haneul")
    deployed_chain.pause()
    receipt = said(person.contribute(export_of(53)))
    for _ in range(3):
        run_due_jobs(service.ports)
        step(service.ports, 61)
    waiting = person.contribution(receipt["contribution_id"])
    assert waiting["status"] == "sealed"
    assert "paused" in waiting["reason"]
    assert service.world.census(person.wallet).registered == ()

    deployed_chain.unpause()
    service.work()
    seen = person.contribution(receipt["contribution_id"])
    assert (seen["status"], seen["reason"]) == ("anchored", None)


def test_beyond_the_daily_cap_a_contribution_waits_for_the_next_day(service: Served) -> None:
    pass_time(service, seconds_to_next_day(service) + 600)  # no midnight shall come in between
    person = service.patient("haneul")
    pass_time(service, 0)
    receipts = [said(person.contribute(export_of(seed, days=14))) for seed in range(54, 58)]
    run_until_waiting(service)
    statuses = [person.contribution(one["contribution_id"])["status"] for one in receipts]
    assert sorted(statuses) == ["anchored"] * 3 + ["sealed"]
    (waiting,) = [row for row in person.contributions() if row["status"] == "sealed"]
    assert "day" in waiting["reason"]
    paid_today = service.world.census(person.wallet).balance
    assert 0 < paid_today <= service.ports.chain.schedule().daily_cap.base_units

    pass_time(service, seconds_to_next_day(service) - 120)
    run_until_waiting(service)
    assert person.log_in("haneul").status_code == 200
    assert person.contribution(waiting["contribution_id"])["status"] == "sealed"
    pass_time(service, 240)
    service.work()
    assert person.contribution(waiting["contribution_id"])["status"] == "anchored"
    assert service.world.census(person.wallet).balance > paid_today
    report = audit(service.world)
    assert report.holds, report.breaches


def pass_time(service: Served, seconds: int) -> None:
    """For the service, and for the chain, which is brought to the service's time."""
    step(service.ports, seconds)
    service.world.control.set_time(int(service.ports.clock.now().timestamp()))


def run_until_waiting(service: Served) -> None:
    """Everything that can be done in the next seconds."""
    for _ in range(10):
        run_due_jobs(service.ports)
        step(service.ports, 1)


def seconds_to_next_day(service: Served) -> int:
    now = service.ports.clock.now()
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return int((midnight - now).total_seconds())
