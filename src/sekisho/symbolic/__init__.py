"""The reading for all packets: the stations of ``semantics`` with sets of packets flowing through them."""
