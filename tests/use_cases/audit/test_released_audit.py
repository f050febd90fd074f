"""What the service releases is what the audit accepts, and neither may drift from the other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backend.crypto.certificates import release_document
from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName, DeployedContract, Deployment, Terms
from backend.domain.generation import Run, RunState
from backend.domain.identifiers import WalletAddress
from backend.domain.ledger import ConsentGranted, ContributionRegistered, Place
from backend.domain.release import CURRENT_POLICY
from backend.ports import Ports
from backend.use_cases.audit.audit_consents import ConsentBook, Standing
from backend.use_cases.audit.audit_content import ContentSources
from backend.use_cases.audit.audit_registrations import Registered
from backend.use_cases.audit.audit_releases import NamedRelease, ReleaseAudit
from backend.use_cases.audit.tally import Tally
from tests.cohorts import Studio
from tests.fakes.chain import FakeChain
from tests.fakes.generators import FakeCohortGenerators, every_fourth
from tests.stand_in_ports import START, SettableClock


@pytest.fixture
def generators() -> FakeCohortGenerators:
    return FakeCohortGenerators()


@pytest.fixture
def studio(
    ports: Ports, clock: SettableClock, chain: FakeChain, generators: FakeCohortGenerators
) -> Studio:
    return Studio(replace(ports, generators=generators), clock, chain)


def number(address: WalletAddress) -> bytes:
    return bytes.fromhex(address[2:])


def place(moment: datetime) -> Place:
    return Place(1, int(moment.timestamp()), bytes(32), 0)


def audited(studio: Studio, run: Run) -> Tally:
    """The run's published certificate against what chain and content store hold."""
    row = studio.dataset(run.id)
    assert row is not None and row.certificate_cid is not None
    chain = studio.chain
    registry = DeployedContract(number(chain.contribution_registry), bytes(32), 1)
    deployment = Deployment(
        chain_id=chain.chain_id,
        deployer=bytes(20),
        contracts=dict.fromkeys(ContractName, registry),
        recorder=bytes(20),
        terms=Terms(bytes(20), (1, 1, 1, 1), 1, 1, 1),
        sha256=bytes(32),
        evaluator=number(studio.ports.evaluator.address),
    )
    tally = Tally()
    book = ConsentBook()
    for granted_at, grant in grants(studio, run):
        book.standings[grant.contributor].append(Standing(0, granted_at, grant))
    audit = ReleaseAudit(
        deployment,
        list(registrations(studio, run)),
        {},
        book,
        ContentSources(studio.ports.content),
        tally,
    )
    document = release_document(row.signed, row.signature, CURRENT_POLICY)
    line = audit.audit(NamedRelease(row.certificate_cid))
    assert line is not None and line.passes
    assert line == audit.audit(NamedRelease("a file", document))
    return tally


def grants(studio: Studio, run: Run) -> Iterator[tuple[int, ConsentGranted]]:
    """What the chain holds of each contributor of the cohort."""
    with studio.ports.database.read() as unit:
        rows = [
            row
            for member in unit.runs.members(run.id)
            if (row := unit.contributions.by_id(member.contribution_id)) is not None
        ]
    for wallet in {row.contributor for row in rows}:
        held = studio.chain.consent_of(wallet)
        assert held is not None
        kinds = sum(kind.bit for kind in held.kinds)
        ends = int(held.expires_at.timestamp())
        granted = ConsentGranted(
            1, number(wallet), kinds, int(held.purposes), held.custodial, ends, 0
        )
        yield int(held.granted_at.timestamp()), granted


def registrations(studio: Studio, run: Run) -> Iterator[Registered]:
    with studio.ports.database.read() as unit:
        for member in unit.runs.members(run.id):
            row = unit.contributions.by_id(member.contribution_id)
            assert row is not None
            event = ContributionRegistered(
                1,
                row.digest.sha256,
                number(row.contributor),
                int(row.kind),
                row.digest.codec,
                row.quality,
                0,
            )
            yield Registered(0, place(START - timedelta(hours=1)), event, None)


def test_what_is_released_holds_in_every_check(studio: Studio) -> None:
    """Every fourth person is held out, so that one share of what was learnt from is larger than
    that of all windows: the certificate says the larger, as the audit counts it."""
    studio.people()
    run = studio.run()
    assert run.state is RunState.RELEASED, run.message
    tally = audited(studio, run)
    assert tally.breaches() == ()
    row = studio.dataset(run.id)
    assert row is not None
    assert row.certificate.evidence.largest_share == pytest.approx(1 / 38)


def test_a_share_above_a_twentieth_of_what_was_learnt_from_is_kept_in(
    studio: Studio, generators: FakeCohortGenerators
) -> None:
    """Though of all windows it is less."""
    generators.holds_out = lambda place, member: (
        len(member.canonicals) == 1 and every_fourth(place, member)
    )
    studio.people(50)
    studio.people(1, first=50, records=3)
    run = studio.run()
    assert run.state is RunState.WITHHELD
    row = studio.dataset(run.id)
    assert row is not None
    broken = [one.rule.measure for one in row.certificate.findings() if not one.holds]
    assert broken == ["largest_share"]


def test_a_consent_that_the_chain_no_longer_holds_is_found(studio: Studio) -> None:
    people = studio.people()
    run = studio.run()
    assert audited(studio, run).breaches() == ()
    held = studio.chain.consent_of(people[0].wallet)
    assert held is not None
    studio.chain.stand([replace(held, expires_at=studio.clock.now())])
    assert {one.check for one in audited(studio, run).breaches()} == {Check.LINEAGE_CONSENT}
