"""The described system, standing: topologies, their plans, and the owner process that holds one."""
