"""Words, in English and Japanese: every message a person reads is made here, from data."""
