"""What is left out of a copy and why: proposals, decisions of people, the copies that follow, and their proof."""
