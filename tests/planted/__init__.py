"""Takes single awaits away from real async projects and measures which of them awaitify puts back."""
