"""The best model on disk: saved, reloaded, and compared with the trained one."""
