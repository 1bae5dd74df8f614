"""The cards of the Admin page: who may sign in, who is under whom, what holds."""
