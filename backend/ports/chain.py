"""Writing to the contracts and asking their present state."""

from typing import Protocol

from backend.domain.chain_events import ContributionRegistered, Registration
from backend.domain.consent import Consent, ConsentGrant, ConsentRevocation, Kind
from backend.domain.contribution import Schedule
from backend.domain.errors import ChainRejected, ConsentRefused
from backend.domain.identifiers import ContentDigest, TxHash, WalletAddress
from backend.domain.money import TokenAmount
from backend.domain.transaction import Call, Confirmation, Fees, SignedTransaction


class Chain(Protocol):
    """Every call ends within its time limit or raises `ChainUnavailable`.

    A `…_call` simulates what it prepares and raises the `ChainRejected` or
    `ConsentRefused` that the contract would answer.
    """

    @property
    def chain_id(self) -> int: ...

    @property
    def relayer(self) -> WalletAddress:
        """The one signer of this service's transactions (the registry's recorder)."""
        ...

    @property
    def consent_registry(self) -> WalletAddress:
        """The contract that consent messages are signed for."""
        ...

    @property
    def contribution_registry(self) -> WalletAddress:
        """The contract that holds the digests."""
        ...

    def consent_of(self, contributor: WalletAddress) -> Consent | None: ...

    def consent_nonce(self, contributor: WalletAddress) -> int: ...

    def registration_of(self, digest: ContentDigest) -> Registration | None: ...

    def balance_of(self, wallet: WalletAddress) -> TokenAmount: ...

    def schedule(self) -> Schedule: ...

    def relayer_balance(self) -> int:
        """Wei left for relaying."""
        ...

    def grant_call(self, grant: ConsentGrant, signature: bytes) -> Call: ...

    def revoke_call(self, revocation: ConsentRevocation, signature: bytes) -> Call: ...

    def register_call(
        self, digest: ContentDigest, kind: Kind, contributor: WalletAddress, quality: int
    ) -> Call: ...

    def mark_erased_call(self, digest: ContentDigest) -> Call: ...

    def suggested_fees(self) -> Fees: ...

    def next_nonce(self) -> int:
        """The relayer's nonce after everything mined."""
        ...

    def nonce_after_mined(self, signer: WalletAddress) -> int:
        """The nonce of any account after everything mined: every lower one is spent."""
        ...

    def recorder(self) -> WalletAddress:
        """The one account that the registry takes registrations from now."""
        ...

    def sign(self, call: Call, *, nonce: int, fees: Fees) -> SignedTransaction:
        """Sign without sending; the hash is final."""
        ...

    def broadcast(self, signed: SignedTransaction) -> None:
        """Send; sending what is known already, or already mined, is fine."""
        ...

    def confirmation(self, transaction: TxHash) -> Confirmation | None:
        """Where the transaction was mined, or None while it is not."""
        ...

    def revert_reason(self, transaction: TxHash) -> ChainRejected | ConsentRefused:
        """Why a mined transaction failed."""
        ...

    def registered_in(self, transaction: TxHash) -> ContributionRegistered | None:
        """The registration that a mined transaction made."""
        ...

    def registration_event(self, digest: ContentDigest) -> ContributionRegistered | None:
        """The registration of a digest, whichever transaction made it; slower than by hash."""
        ...
