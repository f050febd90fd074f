"""A contributor with a wallet of their own, for tests that need signed messages on a chain."""

import os
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from backend.crypto.typed_data import consent_typed_data, revocation_typed_data, sign_typed_data
from backend.crypto.wallets import wallet_of
from backend.domain.consent import ALL_PURPOSES, ConsentGrant, ConsentRevocation, Kind
from backend.domain.identifiers import RAW, ContentDigest, WalletAddress
from backend.domain.transaction import Call, SignedTransaction
from tests.networks import Network


@dataclass(frozen=True)
class Contributor:
    """Signs for the chain's own domain unless told otherwise."""

    key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)

    @property
    def wallet(self) -> WalletAddress:
        return wallet_of(self.key)

    def grant(self, network: Network, **changes: Any) -> ConsentGrant:
        """A consent to everything for a month, at the registry's nonce."""
        now = network.clock.now().replace(microsecond=0)
        usual = ConsentGrant(
            contributor=self.wallet,
            kinds=frozenset(Kind),
            purposes=ALL_PURPOSES,
            custodial=False,
            expires_at=now + timedelta(days=30),
            nonce=network.chain.consent_nonce(self.wallet),
            deadline=now + timedelta(hours=1),
        )
        return replace(usual, **changes)

    def sign(self, network: Network, grant: ConsentGrant, **domain: Any) -> bytes:
        where = {"chain_id": network.chain.chain_id, "registry": network.chain.consent_registry}
        return sign_typed_data(consent_typed_data(grant, **(where | domain)), self.key)

    def revocation(self, network: Network, **changes: Any) -> tuple[ConsentRevocation, bytes]:
        """The message and its signature."""
        usual = ConsentRevocation(
            contributor=self.wallet,
            nonce=network.chain.consent_nonce(self.wallet),
            deadline=network.clock.now().replace(microsecond=0) + timedelta(hours=1),
        )
        revocation = replace(usual, **changes)
        typed = revocation_typed_data(
            revocation, chain_id=network.chain.chain_id, registry=network.chain.consent_registry
        )
        return revocation, sign_typed_data(typed, self.key)

    def consent(self, network: Network, **changes: Any) -> ConsentGrant:
        """Grant on chain, now."""
        grant = self.grant(network, **changes)
        send(network, network.chain.grant_call(grant, self.sign(network, grant)))
        return grant

    def revoke(self, network: Network) -> None:
        send(network, network.chain.revoke_call(*self.revocation(network)))

    def contribute(
        self, network: Network, *, kind: Kind = Kind.CGM, quality: int = 10_000
    ) -> tuple[ContentDigest, SignedTransaction]:
        """Register something fresh."""
        digest = some_digest()
        call = network.chain.register_call(digest, kind, self.wallet, quality)
        return digest, send(network, call)


def some_digest() -> ContentDigest:
    return ContentDigest(os.urandom(32), RAW)


def send(network: Network, call: Call) -> SignedTransaction:
    """Sign at the relayer's next nonce and send."""
    chain = network.chain
    signed = chain.sign(call, nonce=chain.next_nonce(), fees=chain.suggested_fees())
    chain.broadcast(signed)
    return signed
