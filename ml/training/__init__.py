"""What every training loop shares: seeds, progress, cancelling, checkpoints."""
