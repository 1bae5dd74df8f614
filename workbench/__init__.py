"""The workbench: open a store, get a dataset, ask metrics."""
