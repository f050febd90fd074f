"""The contracts on an EVM chain, through web3, which is imported only when a node is asked."""
