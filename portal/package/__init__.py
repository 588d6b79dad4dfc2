"""The answer as one ZIP for two readers: a page for the person, data and a manifest for programs.

Pure: bytes and facts in, bytes out. Knows no database, vault or settings; `portal.package.parts` says what it is given.
"""
