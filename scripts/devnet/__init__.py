"""The local network: a chain and an IPFS node, kept in one folder of the project.

    python -m scripts.devnet install          npm packages from the lock file, once
    python -m scripts.devnet start            both servers, on free ports, state kept
    python -m scripts.devnet status | stop | reset

Standard library only: it runs before, and without, the service's environment.
"""
