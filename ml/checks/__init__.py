"""One conformity suite for every generator and one for every model, for tests to call."""
