"""Other programs' own test suites as a yardstick, given a checkout of them: nothing of theirs is kept here.

``python -m tests.suites.nft PATH`` with PATH a checkout of nftables.
"""
