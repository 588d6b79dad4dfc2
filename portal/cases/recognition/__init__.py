"""Who is asking: which ways of recognising a person there are, what each is enough for, and whether it is settled."""
