"""Treatment relationships: which professionals of a company treat which patient, under the company's own name for it.

A launch finds or makes one and the professional joins it (`service`); who shares one sees the same dossiers. Its
company sees and ends it (`administration`).
"""
