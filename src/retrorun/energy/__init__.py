"""The energy of a session: what it cost by direction, and what it would have cost all forward.

`pieces` cuts the session at every whole second and at every border of a stretch, so that the parts
add up to the whole; `spent` asks the costs of `retrorun.physiology.energy` and the athlete's heart
for each of them; `comparison` turns what was backward round; `account` adds up and says what is
missing.
"""

from __future__ import annotations

from retrorun.energy.account import Account as Account
from retrorun.energy.account import account as account
from retrorun.energy.spent import Lines as Lines
from retrorun.energy.spent import tested_lines as tested_lines
