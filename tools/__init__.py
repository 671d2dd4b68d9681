"""Tools of the repository; nothing that runs in production."""
