"""Estimators around a fit: collaborative filtering, back-projection and both in turn."""
