"""From a file of a build to the IR (``ir``): libclang parses (``clang``, ``parse``), functions become blocks of plain expressions (``lower``)."""
