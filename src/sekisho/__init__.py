"""Sekisho: follow packets through the checkpoints of a Docker host and its VPC."""

__version__ = "0.1.0"
