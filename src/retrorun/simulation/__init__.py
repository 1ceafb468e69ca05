"""The simulated runner: a planar skeleton with muscles that runs at the least effort.

Data flow down: published parameters (`parameters/`) are scaled to a person (`body`); the rooms
`skeleton`, `muscles`, `contact` and `metabolics` say what holds at one instant and `instant` joins
them; `problem` writes one step as an optimal-control problem and `solve` finds the gait from a
first guess (`guess`); `gait` measures the gait that was found and `checks` refuses one that no
person could run. `sweep` fills the table that `table` reads for everybody else: `table` needs
NumPy only, the rooms from `skeleton` to `sweep` need the extra `simulate` (CasADi).
"""
