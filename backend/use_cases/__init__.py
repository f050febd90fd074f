"""What the service does: one verb per file, a frozen command in, a domain value out."""
