"""Sources: what a CRM or an accountant exports, turned into records that fit the store."""
