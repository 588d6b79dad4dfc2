"""The pages of a link, as HTML: no script, nothing from outside, in the language of the case."""
