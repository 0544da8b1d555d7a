"""Problems on which methods are compared, one file each; `catalog.py` lists them."""
