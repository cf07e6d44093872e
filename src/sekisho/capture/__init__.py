"""The only rim that runs things: takes snapshots."""
