"""Privacy: taking people out of the store, for how long they are kept, who looked at them."""
