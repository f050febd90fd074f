"""One file per repository of `backend.ports.repositories`, over one unit's rows."""
