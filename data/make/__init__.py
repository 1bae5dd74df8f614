"""The parts of the demo company's generator; `make_demo.py` puts them together."""
