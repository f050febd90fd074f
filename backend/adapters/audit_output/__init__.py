"""What an audit found, for people and for machines, and how far it has come."""
