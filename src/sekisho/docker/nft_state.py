"""Stub."""
from __future__ import annotations


class NftState:
    running = False
    def __init__(self, before): self.before = before
    def start(self, *a): pass
    def network(self, *a): pass
    def endpoint(self, *a): pass
    def port(self, *a): pass
    def remove_port(self, *a): pass
    def remove_network(self, *a): pass
    def ruleset(self, before, fws): return before
