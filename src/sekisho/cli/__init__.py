"""The command line: thin; every verb is a module that is imported when it is chosen."""
