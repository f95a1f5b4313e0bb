"""Results as text, JSON, DOT and Mermaid: one module a format. Nothing else knows formats, and nothing here prints."""
