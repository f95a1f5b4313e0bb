"""What two analyses have in common and what not: new and fixed findings, and the hunk that brings one; sites and edges.

Results go in and come out; nothing is analysed, read or printed here.
"""

from __future__ import annotations
