"""`make run`: everything on one machine, told step by step."""
