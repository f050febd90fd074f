"""Pure functions from bytes to bytes: content ids, sealing, signatures, hashes."""
