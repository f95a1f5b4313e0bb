"""The units of a build as one program (``link``): calls, tables of functions, layouts; and the border with the rest of the kernel (``border``)."""
