"""Whether the verbs say the same of the same packets, on random hosts and on captures:

    python -m tests.agreement [--hosts N] [--seed S] [--packets N] [--captures FOLDER] [--verbose]

Each cell of ``exposed`` and ``reach`` must be what ``trace`` says of its witness, and what it says of random
packets must be in the sets of ``reach`` (certain, perhaps, neither); ``check`` must follow from that; a line
that ``lint`` calls dead must never be hit; a change that is proposed must do what it says, once it is made.
"""
