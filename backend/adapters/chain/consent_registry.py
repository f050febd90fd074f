"""Client of ConsentRegistry."""

from backend.adapters.chain.answers import moment
from backend.adapters.chain.contract import DeployedContractClient
from backend.crypto.wallets import checksum_address
from backend.domain.consent import (
    Consent,
    ConsentGrant,
    ConsentRevocation,
    Purpose,
    kinds_of_mask,
)
from backend.domain.identifiers import WalletAddress
from backend.domain.transaction import Call


class ConsentRegistryClient(DeployedContractClient):
    """Who consented to what, as the registry holds it."""

    name = "ConsentRegistry"

    def consent_of(self, contributor: WalletAddress) -> Consent | None:
        """The latest grant that was not revoked, expired or not."""
        answer = self._read("consentOf", checksum_address(contributor))
        kinds, purposes, custodial, granted_at, expires_at = answer
        if granted_at == 0:
            return None
        return Consent(
            contributor=contributor,
            kinds=kinds_of_mask(kinds),
            purposes=Purpose(purposes),
            custodial=custodial,
            granted_at=moment(granted_at),
            expires_at=moment(expires_at),
        )

    def nonce_of(self, contributor: WalletAddress) -> int:
        """The nonce that the contributor's next message must carry."""
        (nonce,) = self._read("nonceOf", checksum_address(contributor))
        return int(nonce)

    def grant(self, grant: ConsentGrant, signature: bytes, *, sender: WalletAddress) -> Call:
        """The relayed grant."""
        consent = (
            checksum_address(grant.contributor),
            grant.kind_mask,
            int(grant.purposes),
            grant.custodial,
            int(grant.expires_at.timestamp()),
            grant.nonce,
            int(grant.deadline.timestamp()),
        )
        return self._prepare(sender, "grant", consent, signature)

    def revoke(
        self, revocation: ConsentRevocation, signature: bytes, *, sender: WalletAddress
    ) -> Call:
        """The relayed revocation."""
        return self._prepare(
            sender,
            "revokeBySignature",
            checksum_address(revocation.contributor),
            int(revocation.deadline.timestamp()),
            signature,
        )
