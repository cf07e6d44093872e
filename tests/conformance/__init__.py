"""The campaign: random hosts and packets, the model's word against a real kernel's.

python -m tests.conformance --hosts 100 --packets 100 --seed 7
python -m tests.conformance --seed 7 --jobs 1 --verbose --shrink     what differs, made small, as a case
"""
