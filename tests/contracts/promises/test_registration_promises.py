"""REC-1 to REC-9 of docs/promises.md, held over any sequence of contributing, consenting, revoking,
erasing, pausing, handing over and waiting."""

from dataclasses import dataclass
from typing import Any

from attempts import attempt
from brownie import chain, web3
from conftest import (
    DAILY_CAP,
    EPOCH_CAP,
    EPOCH_LENGTH,
    RATES,
    Contracts,
    People,
    deploy_contracts,
    digest,
)
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from ledger import check_history
from messages import (
    ALL_KINDS,
    ALL_PURPOSES,
    CARE,
    ONE_DAY,
    TRAINING,
    consent_by,
    fields,
    sign_consent,
)
from refusals import spelled

CONTRIBUTORS = st.integers(0, 1)
DIGESTS = st.integers(1, 6)


@dataclass(frozen=True)
class Consented:
    """What a contributor consented to last; nothing by default."""

    kinds: int = 0
    purposes: int = 0
    expires_at: int = 0


class RegistrationPromises(RuleBasedStateMachine):
    """The model foretells every answer; the events are held to the promises in the end."""

    def __init__(self, contracts: Contracts, people: People) -> None:
        super().__init__()
        chain.revert()
        self.contracts = contracts
        self.registry = contracts.registry
        self.people = people
        self.contributors = (people.alice, people.bob)
        self.since = web3.eth.block_number
        self.recorders = [people.recorder, people.stranger]
        self.consented = {str(contributor): Consented() for contributor in self.contributors}
        self.records: dict[int, Any] = {}
        self.erased: set[int] = set()
        self.sent = 0
        self.daily: dict[tuple[str, int], int] = {}
        self.by_epoch: dict[int, int] = {}
        self.paused = False

    @initialize()
    def everybody_consents(self) -> None:
        for contributor in range(len(self.contributors)):
            self.consent(contributor, ALL_KINDS, ALL_PURPOSES, 30 * ONE_DAY)

    @rule(
        contributor=CONTRIBUTORS,
        kinds=st.sampled_from([ALL_KINDS, ALL_KINDS, 0b0001, 0b1110]),
        purposes=st.sampled_from([ALL_PURPOSES, TRAINING, CARE]),
        lifetime=st.sampled_from([ONE_DAY // 2, 30 * ONE_DAY, 30 * ONE_DAY]),
        revoke=st.sampled_from([True, False, False]),
    )
    def change_consent(
        self, contributor: int, kinds: int, purposes: int, lifetime: int, revoke: bool
    ) -> None:
        who = self.contributors[contributor]
        if revoke:
            assert attempt(self.contracts.consents.revoke, sender=who).refusal is None  # CON-4
            self.consented[str(who)] = Consented()
        else:
            self.consent(contributor, kinds, purposes, lifetime)

    @rule(
        number=DIGESTS,
        contributor=CONTRIBUTORS,
        kind=st.integers(0, 4),
        quality=st.sampled_from([0, 1, 3_333, 10_000, 10_000, 10_000, 10_001]),
        further=st.sampled_from([0, 1, 4]),
    )
    def register(
        self, number: int, contributor: int, kind: int, quality: int, further: int
    ) -> None:
        """One contribution as it comes, then fresh ones at the highest rate to meet the caps."""
        who = self.contributors[contributor]
        self._register(number, who, kind, quality)
        for fresh in range(further):
            self._register(100 + self.sent + fresh, who, 0, 10_000)
        self.sent += further

    @rule(number=DIGESTS, contributor=CONTRIBUTORS, by_recorder=st.booleans())
    def mark_erased(self, number: int, contributor: int, by_recorder: bool) -> None:
        sender = self.recorders[0] if by_recorder else self.contributors[contributor]
        outcome = attempt(self.registry.markErased, digest(number), sender=sender)
        assert outcome.refusal == self._refusal_to_mark(number, sender)  # REC-9
        if outcome.refusal is None:
            self.erased.add(number)

    @rule(act=st.sampled_from(["unpause", "unpause", "pause", "hand over"]))
    def govern(self, act: str) -> None:
        by_operator = {"from": self.people.operator}
        if act == "hand over":
            self._hand_over()
        elif act == "pause" and not self.paused:
            self.registry.pause(by_operator)
            self.paused = True
        elif act == "unpause" and self.paused:
            self.registry.unpause(by_operator)
            self.paused = False

    @rule(seconds=st.sampled_from([3_600, ONE_DAY, EPOCH_LENGTH]))
    def wait(self, seconds: int) -> None:
        chain.sleep(seconds)
        chain.mine()

    @invariant()
    def the_registry_counts_what_was_paid(self) -> None:
        now = chain[-1].timestamp
        for who in self.contributors:
            earned = self.daily.get((str(who), now // ONE_DAY), 0)
            assert self.registry.mintedToday(who) == earned <= DAILY_CAP  # REC-3
        paid = self.by_epoch.get(now // EPOCH_LENGTH, 0)
        assert self.registry.epochMinted() == paid <= EPOCH_CAP  # REC-4
        assert self.contracts.token.totalSupply() == sum(self.by_epoch.values())  # REC-5

    def teardown(self) -> None:
        assert check_history(self.contracts, self.since) == len(self.records)
        for number, contributor in self.records.items():
            record = self.registry.recordOf(digest(number))
            assert (record["contributor"], record["erased"]) == (contributor, number in self.erased)

    def consent(self, contributor: int, kinds: int, purposes: int, lifetime: int) -> None:
        """Signs, relays and remembers a consent that is in force at once."""
        who, consents = self.contributors[contributor], self.contracts.consents
        message = consent_by(
            who,
            kinds=kinds,
            purposes=purposes,
            expiresAt=chain.time() + lifetime,
            nonce=consents.nonceOf(who),
        )
        signature = sign_consent(message, who, consents)
        consents.grant(fields(message), signature, {"from": self.people.relayer})
        self.consented[str(who)] = Consented(kinds, purposes, message["expiresAt"])

    def _hand_over(self) -> None:
        """REC-7: the former recorder can neither register nor accept again."""
        old, new = self.recorders
        self.registry.proposeRecorder(new, {"from": self.people.operator})
        self.registry.acceptRecorder({"from": new})
        again = attempt(self.registry.acceptRecorder, sender=old)
        assert again.refusal == spelled("ContributionRegistry_CallerNotProposedRecorder", old)
        arguments = (digest(99), 0x55, 0, self.people.alice, 10_000)
        former = attempt(self.registry.register, *arguments, sender=old)
        assert former.refusal == spelled("ContributionRegistry_CallerNotRecorder", old)
        self.recorders = [new, old]

    def _register(self, number: int, who: Any, kind: int, quality: int) -> None:
        arguments = (digest(number), 0x55, kind, who, quality)
        outcome = attempt(self.registry.register, *arguments, sender=self.recorders[0])
        now = outcome.moment
        reward = self._reward(who, kind, quality)
        assert outcome.refusal == self._refusal(number, who, kind, quality, reward, now)
        if outcome.refusal is None:
            self.records[number] = who
            day, epoch = (str(who), now // ONE_DAY), now // EPOCH_LENGTH
            self.daily[day] = self.daily.get(day, 0) + reward
            self.by_epoch[epoch] = self.by_epoch.get(epoch, 0) + reward

    def _reward(self, who: Any, kind: int, quality: int) -> int:
        """REC-6."""
        trains = kind < 4 and self.consented[str(who)].purposes & TRAINING
        return RATES[kind] * quality // 10_000 if trains else 0

    def _refusal(
        self, number: int, who: Any, kind: int, quality: int, reward: int, now: int
    ) -> str | None:
        consented = self.consented[str(who)]
        today = self.daily.get((str(who), now // ONE_DAY), 0) + reward
        epoch = now // EPOCH_LENGTH
        in_epoch = self.by_epoch.get(epoch, 0) + reward
        if self.paused:
            return spelled("ContributionRegistry_Paused")
        if kind == 4:
            return spelled("ContributionRegistry_KindUnknown", kind)
        if quality > 10_000:
            return spelled("ContributionRegistry_QualityOutOfRange", quality)
        if number in self.records:
            return spelled("ContributionRegistry_AlreadyRegistered", digest(number))  # REC-1
        if now >= consented.expires_at or not consented.kinds >> kind & 1:
            return spelled("ContributionRegistry_ConsentNotInForce", who, kind)  # REC-2
        if today > DAILY_CAP:
            return spelled("ContributionRegistry_DailyCapExceeded", who, today, DAILY_CAP)
        if in_epoch > EPOCH_CAP:
            return spelled("ContributionRegistry_EpochCapExceeded", epoch, in_epoch, EPOCH_CAP)
        return None

    def _refusal_to_mark(self, number: int, sender: Any) -> str | None:
        if number not in self.records:
            return spelled("ContributionRegistry_NotRegistered", digest(number))
        if number in self.erased:
            return spelled("ContributionRegistry_AlreadyErased", digest(number))
        if sender not in (self.records[number], self.recorders[0]):
            return spelled("ContributionRegistry_CallerNotRecorderNorContributor", sender)
        return None


def test_registrations_keep_their_promises(people):
    contracts = deploy_contracts(people)
    chain.snapshot()
    run_state_machine_as_test(lambda: RegistrationPromises(contracts, people))
