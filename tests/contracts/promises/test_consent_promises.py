"""CON-1 to CON-5 of docs/promises.md, held over any sequence of signing, relaying and waiting."""

from dataclasses import dataclass, field
from typing import Any

from attempts import attempt
from brownie import chain
from conftest import Contracts, People, deploy_contracts, move_to
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from messages import consent_by, fields, sign_consent, sign_revocation
from refusals import spelled

HOUR = 3_600
CONTRIBUTORS = st.integers(0, 1)
SIGNERS = st.sampled_from([0, 0, 0, 1, 2])
PATIENCE = st.sampled_from([1, HOUR, 10 * HOUR])
AHEAD = st.sampled_from([0, 0, 0, 0, 1])


@dataclass
class Signed:
    """A signed message on its way, and whether it has counted."""

    contributor: Any
    signer: Any
    nonce: int
    deadline: int
    signature: bytes
    consent: dict[str, Any] | None
    counted: bool = False


@dataclass
class Standing:
    """What the registry should say about a contributor."""

    nonce: int = 0
    consent: tuple[Any, ...] = (0, 0, False, 0, 0)
    spent: list[int] = field(default_factory=list)


class ConsentPromises(RuleBasedStateMachine):
    """Two contributors and a stranger sign; everybody relays; the model foretells every answer."""

    def __init__(self, contracts: Contracts, people: People, stranger: Any) -> None:
        super().__init__()
        chain.revert()
        self.consents = contracts.consents
        self.contributors = (people.alice, people.bob)
        self.stranger = stranger
        self.relayer = people.relayer
        self.standings = {str(contributor): Standing() for contributor in self.contributors}
        self.pool: list[Signed] = []

    @rule(
        contributor=CONTRIBUTORS,
        signer=SIGNERS,
        kinds=st.sampled_from([1, 6, 8, 15, 15, 15, 0, 16]),
        purposes=st.sampled_from([1, 2, 4, 5, 6, 7, 7, 0, 8]),
        custodial=st.booleans(),
        lifetime=st.sampled_from([1, HOUR, 30 * HOUR]),
        patience=PATIENCE,
        ahead=AHEAD,
        submit=st.booleans(),
    )
    def sign_grant(
        self,
        contributor: int,
        signer: int,
        kinds: int,
        purposes: int,
        custodial: bool,
        lifetime: int,
        patience: int,
        ahead: int,
        submit: bool,
    ) -> None:
        who, signs = self._parties(contributor, signer)
        message = consent_by(
            who,
            kinds=kinds,
            purposes=purposes,
            custodial=custodial,
            expiresAt=chain.time() + lifetime,
            nonce=self.standings[str(who)].nonce + ahead,
            deadline=chain.time() + patience,
        )
        signature = sign_consent(message, signs, self.consents)
        self.pool.append(
            Signed(who, signs, message["nonce"], message["deadline"], signature, message)
        )
        if submit:
            self._submit(self.pool[-1])

    @rule(contributor=CONTRIBUTORS, signer=SIGNERS, patience=PATIENCE, ahead=AHEAD)
    def sign_revocation(self, contributor: int, signer: int, patience: int, ahead: int) -> None:
        who, signs = self._parties(contributor, signer)
        nonce = self.standings[str(who)].nonce + ahead
        deadline = chain.time() + patience
        signature = sign_revocation(signs, self.consents, nonce, deadline, contributor=who)
        self.pool.append(Signed(who, signs, nonce, deadline, signature, None))

    @rule(choice=st.integers(0, 1_000))
    def submit_any(self, choice: int) -> None:
        if self.pool:
            self._submit(self.pool[choice % len(self.pool)])

    @rule(contributor=CONTRIBUTORS)
    def revoke(self, contributor: int) -> None:
        who = self.contributors[contributor]
        outcome = attempt(self.consents.revoke, sender=who)
        assert outcome.refusal is None  # CON-4
        self._revoked(who)

    @rule(contributor=CONTRIBUTORS, seconds=st.sampled_from([0, 0, 2, HOUR, 20 * HOUR]))
    def wait(self, contributor: int, seconds: int) -> None:
        """So long, or (0) to the very second in which the contributor's consent expires."""
        *_, expires_at = self.standings[str(self.contributors[contributor])].consent
        if seconds:
            move_to(chain.time() + seconds)
        elif expires_at > chain.time():
            move_to(expires_at)

    @invariant()
    def the_registry_says_what_was_signed_last(self) -> None:
        for who in self.contributors:
            standing = self.standings[str(who)]
            assert self.consents.nonceOf(who) == standing.nonce
            assert tuple(self.consents.consentOf(who)) == standing.consent

    @invariant()
    def a_consent_is_in_force_from_grant_to_expiry(self) -> None:
        """CON-5."""
        now = chain[-1].timestamp
        for who in self.contributors:
            kinds, purposes, _, granted_at, expires_at = self.standings[str(who)].consent
            for kind in (0, 3):
                in_force = kinds >> kind & 1 and granted_at <= now < expires_at
                found = self.consents.purposesInForce(who, kind)
                assert found == (purposes if in_force else 0)

    @invariant()
    def no_nonce_was_spent_twice(self) -> None:
        """CON-2: as many messages counted as nonces were spent, each once and in order."""
        for standing in self.standings.values():
            assert standing.spent == list(range(standing.nonce))

    def _parties(self, contributor: int, signer: int) -> tuple[Any, Any]:
        """Whom the message is about, and who signs it: mostly they, else the other or nobody."""
        who = self.contributors[contributor]
        return who, (who, self.contributors[1 - contributor], self.stranger)[signer]

    def _submit(self, signed: Signed) -> None:
        who = signed.contributor
        if signed.consent is None:
            arguments = (who, signed.deadline, signed.signature)
            outcome = attempt(self.consents.revokeBySignature, *arguments, sender=self.relayer)
        else:
            arguments = (fields(signed.consent), signed.signature)
            outcome = attempt(self.consents.grant, *arguments, sender=self.relayer)
        expected = self._expected_refusal(signed, outcome.moment)
        if expected is None:
            assert outcome.refusal is None
            assert not signed.counted  # CON-2
            signed.counted = True
            if signed.consent:
                self._granted(who, signed.consent, outcome.moment)
            else:
                self._revoked(who)
        else:
            assert outcome.refusal is not None
            assert outcome.refusal.startswith(expected)

    def _expected_refusal(self, signed: Signed, now: int) -> str | None:
        """The refusal's text, up to an address that a wrong signature recovers to."""
        nonce = self.standings[str(signed.contributor)].nonce
        consent = signed.consent
        if now > signed.deadline:
            return spelled("ConsentRegistry_DeadlinePassed", signed.deadline)
        if consent and signed.nonce != nonce:
            return spelled("ConsentRegistry_NonceMismatch", nonce, signed.nonce)  # CON-1
        if consent and not 0 < consent["kinds"] < 16:
            return spelled("ConsentRegistry_KindsUnknown", consent["kinds"])
        if consent and not 0 < consent["purposes"] < 8:
            return spelled("ConsentRegistry_PurposesUnknown", consent["purposes"])
        if consent and consent["expiresAt"] <= now:
            return spelled("ConsentRegistry_AlreadyExpired", consent["expiresAt"])
        if signed.signer != signed.contributor or signed.nonce != nonce:
            return spelled("ConsentRegistry_SignerMismatch", signed.contributor)  # CON-3
        return None

    def _granted(self, who: Any, consent: dict[str, Any], now: int) -> None:
        kinds, purposes, custodial, expires_at = (
            consent[name] for name in ("kinds", "purposes", "custodial", "expiresAt")
        )
        self._spend(who, (kinds, purposes, custodial, now, expires_at))

    def _revoked(self, who: Any) -> None:
        self._spend(who, (0, 0, False, 0, 0))

    def _spend(self, who: Any, consent: tuple[Any, ...]) -> None:
        standing = self.standings[str(who)]
        standing.spent.append(standing.nonce)
        standing.nonce += 1
        standing.consent = consent


def test_consents_keep_their_promises(people, accounts):
    stranger = accounts.add(bytes([0x5A] * 32).hex())
    contracts = deploy_contracts(people)
    chain.snapshot()
    run_state_machine_as_test(lambda: ConsentPromises(contracts, people, stranger))
