"""The pages of the package: one file each, no script, nothing from outside (PKG-4)."""
