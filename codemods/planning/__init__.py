"""What we will do: which functions become async, and what becomes of every call. No syntax tree, no files."""
