"""Readers: one module per format, each of which parses text into facts and renders facts as text."""
