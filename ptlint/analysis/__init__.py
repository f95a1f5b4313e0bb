"""What is freed, how, and what was waited for: from a linked program to the findings, sites and proofs of one build.

``build.analyse`` runs it. ``engine`` sums functions up; a run of one is put together from ``evaluate`` (expressions), ``overlay.watch`` (the second
domain), ``tables`` (what is a table), ``uses``, ``clears`` and ``fates`` (what becomes of one), ``flushed`` and ``primitives`` (the border) and
``calls`` (with ``assembly``); ``ways`` joins its paths and keeps them few. ``ledger`` takes notes, ``origins`` asks callers where tables come from;
``inventory``, ``lifecycle``, ``graph`` and ``walkers`` draw conclusions. ``docs/analysis.md`` says what is tracked and what is not.
"""
