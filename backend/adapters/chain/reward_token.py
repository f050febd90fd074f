"""Client of RewardToken."""

from backend.adapters.chain.contract import DeployedContractClient
from backend.crypto.wallets import checksum_address
from backend.domain.identifiers import WalletAddress
from backend.domain.money import TokenAmount


class RewardTokenClient(DeployedContractClient):
    """Who holds how many reward tokens."""

    name = "RewardToken"

    def balance_of(self, wallet: WalletAddress) -> TokenAmount:
        (base_units,) = self._read("balanceOf", checksum_address(wallet))
        return TokenAmount(base_units)
