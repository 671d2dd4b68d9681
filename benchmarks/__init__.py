"""Figures, each measured by a script that says how; they are no tests, as a busy machine changes them."""
