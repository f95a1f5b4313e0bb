"""The rules about the way of a table back to the allocator: what each says of what the runs noted (``findings``)."""
