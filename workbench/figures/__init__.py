"""Figures: one function per picture, a metric's frame in, a plotly figure out."""
