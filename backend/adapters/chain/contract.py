"""What the clients of the single contracts share: calldata, reading, and preparing a call."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from backend.adapters.chain.abi import ContractName, load_abi
from backend.adapters.chain.answers import nonsense, octets, quantity
from backend.adapters.chain.node import Node, NodeRefused
from backend.adapters.chain.reverts import RevertReader, revert_data
from backend.crypto.wallets import checksum_address
from backend.domain.identifiers import WalletAddress
from backend.domain.transaction import Call

if TYPE_CHECKING:
    from web3.contract import Contract as Web3Contract

_SPARE_GAS = 40_000
"""Two storage slots that were empty when the gas was estimated and are not when it is used."""


class DeployedContractClient:
    """One contract at one address, asked through one node."""

    name: ContractName

    def __init__(self, address: WalletAddress, node: Node, reverts: RevertReader) -> None:
        self.address = address
        self._node = node
        self._reverts = reverts

    def _read(self, function: str, *arguments: Any) -> tuple[Any, ...]:
        """The outputs of a view at the newest block."""
        try:
            answer = self._node.ask("eth_call", self._message(function, arguments), "latest")
        except NodeRefused as refused:
            data = revert_data(refused)
            if data is None:
                raise
            raise self._reverts.refusal(data) from refused
        return self._decoded(function, octets(answer))

    def _prepare(self, sender: WalletAddress, function: str, *arguments: Any) -> Call:
        """The call with its gas limit, or what the contract would answer to it now."""
        message = self._message(function, arguments) | {"from": sender}
        try:
            self._node.ask("eth_call", message, "latest")
            needed = quantity(self._node.ask_twice("eth_estimateGas", message))
        except NodeRefused as refused:
            data = revert_data(refused)
            if data is None:
                raise
            raise self._reverts.refusal(data) from refused
        return Call(self.address, octets(message["data"]), needed * 5 // 4 + _SPARE_GAS)

    def _message(self, function: str, arguments: tuple[Any, ...]) -> dict[str, str]:
        data = self._contract.encode_abi(function, args=list(arguments))
        return {"to": self.address, "data": str(data)}

    def _decoded(self, function: str, data: bytes) -> tuple[Any, ...]:
        from eth_abi.exceptions import DecodingError
        from eth_utils.abi import get_abi_output_types

        entry = self._contract.get_function_by_name(function).abi
        try:
            values = self._contract.w3.codec.decode(get_abi_output_types(entry), data)
        except DecodingError as error:
            raise nonsense(f"what {self.name}.{function} returns") from error
        return values

    @cached_property
    def _contract(self) -> "Web3Contract":
        from web3 import Web3

        abi = load_abi(self.name)
        return Web3().eth.contract(address=checksum_address(self.address), abi=abi)  # type: ignore[call-overload,no-any-return]
