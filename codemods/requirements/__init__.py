"""What a migration asks of the project's requirements: a stage of its own, after the code is decided.

Nothing is read unless a library came or went. What may still need a library keeps it, and the reason names the place.
"""
