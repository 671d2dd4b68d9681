"""Tests against figures and implementations that are not ours."""
