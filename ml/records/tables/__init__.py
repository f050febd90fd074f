"""Tables of one row per person or visit: a typed schema, its values, and the files they come in."""
