"""The audit: which decisions were made, yes and no, on whom and why, in rows that no text of a caller can get into.

`catalogue` has every event and the fields that it may have, `kinds` what a field may hold, `refusals` turns a refusal
into its event, `counter` counts those that nobody signed, `store_sql` keeps both. Knows words and identifiers alone.
"""
