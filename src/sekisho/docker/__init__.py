"""What dockerd makes of networks and containers, by engine version; nothing here runs Docker."""
