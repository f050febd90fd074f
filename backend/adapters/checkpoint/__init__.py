"""Where an interrupted audit keeps its place."""
