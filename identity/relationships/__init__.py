"""Treatment relationships: which professionals of a company treat which patient, under the company's own name for it.

A launch finds or makes one and the professional joins it; who shares one sees the same dossiers.
"""
