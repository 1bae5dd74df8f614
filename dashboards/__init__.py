"""The dashboards: what is served to a browser."""
