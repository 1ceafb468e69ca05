"""Which way somebody moved: sources of evidence, joined by one hidden Markov model.

`states` names the states and what a source hands over; `legs`, `trunk`, `arms`, `heading`,
`watch`, `names` and `labels` are the sources; `decoder` joins what they say.
"""
