"""The `awaitify` command: how a migration is asked for, shown and written. It decides nothing itself."""
