"""What a person's own readings and journal say together, in sentences that carry their evidence."""
