"""The overlay: who uses the words of a table's descriptor that the rcu_head lies over, and whether two do at once.

A second domain of the one engine: ``watch`` is the part of a function's run that sees the uses, ``notes`` what is noted, ``words`` the layout;
``levels``, ``claims``, ``proofs`` and ``findings`` work on the notes once all functions are summed up.
"""
