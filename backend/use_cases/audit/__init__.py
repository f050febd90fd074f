"""The audit: everything on chain and IPFS, judged without the service, its database or a secret."""
