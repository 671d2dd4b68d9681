"""The pages that people see: the patient's choices about dossiers, the launch of a professional, and every error.

Server-rendered HTML without script, readable in plain words. Owns the templates, the one stylesheet, and the check
that a form came from a page of ours. Knows nothing of tokens, keys and databases, nor how patients prove who they are:
the sign-in belongs to the composition.
"""
