"""What a stranger may write into a snapshot, a topology or a compose file: nothing of it acts.

python -m tests.hostile            every string in every field of every format
test_hostile.py                    some of them, and each way that once led out
"""
