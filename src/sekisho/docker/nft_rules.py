def dns_table(*a): return ()
