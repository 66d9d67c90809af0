"""Wavelets for nasdip."""
