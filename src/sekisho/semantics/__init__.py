"""The one meaning of the facts: host facts compiled into stations of guarded actions.

Readings interpret them: ``walk`` pushes one packet through; sets and columns of packets go through
the very same stations.
"""
