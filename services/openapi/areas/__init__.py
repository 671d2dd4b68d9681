"""What each endpoint takes and answers, a file per area; `services/openapi/catalogue.py` lists them."""
