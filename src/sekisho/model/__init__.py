"""The network as frozen facts. No algorithms: what a fact *means* is in ``semantics``."""
