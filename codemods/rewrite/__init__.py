"""Carries out the plan's decisions on the tree of one module. Decides nothing."""
