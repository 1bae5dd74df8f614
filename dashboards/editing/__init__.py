"""Correcting data where they are read: tables, forms and files whose changes go by the journal."""
