"""The letter and the page of the person's data as one tagged PDF, where the extra `pdf` is installed.

The PDF is set from the finished pages, so that it says what they say; no value is written a second time.
"""
