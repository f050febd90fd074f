"""VitalMint's service: contributions in, synthetic datasets out, everything auditable."""
