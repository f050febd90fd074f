"""Client of ContributionRegistry."""

from backend.adapters.chain.answers import moment
from backend.adapters.chain.contract import DeployedContractClient
from backend.crypto.wallets import checksum_address
from backend.domain.chain_events import Registration
from backend.domain.consent import Kind
from backend.domain.contribution import Schedule
from backend.domain.identifiers import ContentDigest, WalletAddress, wallet_address
from backend.domain.money import TokenAmount
from backend.domain.transaction import Call

_NOBODY = "0x" + "00" * 20


class ContributionRegistryClient(DeployedContractClient):
    """What is registered, at which rates, and how to register more."""

    name = "ContributionRegistry"

    def record_of(self, digest: ContentDigest) -> Registration | None:
        """What is registered under the digest, erased or not."""
        contributor, kind, _, registered_at, erased = self._read("recordOf", digest.sha256)
        if contributor == _NOBODY:
            return None
        return Registration(wallet_address(contributor), Kind(kind), moment(registered_at), erased)

    def schedule(self) -> Schedule:
        """Rates and caps."""
        rates = {kind: TokenAmount(self._number("rateOf", int(kind))) for kind in Kind}
        return Schedule(
            rates=rates,
            daily_cap=TokenAmount(self._number("dailyCap")),
            epoch_cap=TokenAmount(self._number("epochCap")),
            epoch_length_s=self._number("epochLength"),
        )

    def recorder(self) -> WalletAddress:
        """The account that may register."""
        (recorder,) = self._read("recorder")
        return wallet_address(recorder)

    def names(self) -> tuple[WalletAddress, WalletAddress]:
        """The reward token and the consent registry that this registry works with."""
        (token,) = self._read("token")
        (consents,) = self._read("consents")
        return wallet_address(token), wallet_address(consents)

    def register(
        self,
        digest: ContentDigest,
        kind: Kind,
        contributor: WalletAddress,
        quality: int,
        *,
        sender: WalletAddress,
    ) -> Call:
        """Anchor a contribution and mint its reward."""
        return self._prepare(
            sender,
            "register",
            digest.sha256,
            digest.codec,
            int(kind),
            checksum_address(contributor),
            quality,
        )

    def mark_erased(self, digest: ContentDigest, *, sender: WalletAddress) -> Call:
        """Mark a registered digest as erased."""
        return self._prepare(sender, "markErased", digest.sha256)

    def _number(self, function: str, *arguments: int) -> int:
        (value,) = self._read(function, *arguments)
        return int(value)
