package jury.rules.asked

# METADATA
# title: The jury was asked
# description: What it said is for the other rules.
grant if count(input.votes) > 0
