"""Factorization of matrices, cubes and stacks of frames."""
