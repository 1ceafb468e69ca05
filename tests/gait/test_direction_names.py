"""Names of laps against phrases that people and workout editors write, in many languages."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import real_files
from retrorun.formats import outcomes
from retrorun.gait.direction.names import OPPOSED, lap_names, said_by_name
from retrorun.gait.direction.states import (
    BACKWARD_RUN,
    BACKWARD_WALK,
    FORWARD_RUN,
    FORWARD_WALK,
    OTHER,
    SIDEWAYS,
    STEP_S,
    STILL,
    Said,
    Seen,
)
from retrorun.recording import Recording

BACKWARD = """
Backward
backwards
Backward run
Run backwards
Running backward 100 m
Backward Walking
Walk backward slowly
Interval 3/8 - backward
Run 3: 30 s backward
4x100m backward
Backwards jog 0:30
Backward 400 m @ 6:30/km
backward running uphill
1 min 30 s backward
RunBackwards
run_backwards
Backpedal
Back-pedalling 20 m
retro
Retro run
Retro 3
retro-running
Retrorunning 5 min
RETRO RUNNING 2
Reverse running
Lap 3 backward
Backward, easy
Interval no. 3 backward
Backward 60 m in 20 s
Recovery walk backwards
Cool-down: walk backwards
Récup marche arrière
Backward 100 m, look over your shoulder
Intervall 3 rückwärts
rückwärts
Rückwärtslaufen 2 min
100 m Rückwärtslauf
Rückwärts gehen
Rueckwaertslaufen
Ruckwartslaufen
RÜCKWÄRTS 30"
Runde 3 rückwärts
Retrolauf
4. locker rückwärts joggen
8 x 1' en arrière
Course en arrière
Course à reculons 200 m
marche arrière
Marche à reculons
3. Courir en arriere
à reculons
Correr hacia atrás
Carrera hacia atrás 1 min
4 x 100 m hacia atras
Correr de espaldas
trote de espaldas
Marcha atrás 30 s
Caminar hacia atrás
Corsa all'indietro
Corsa all’indietro 200 m
camminata all'indietro
All'indietro 1'
corsa indietro
Corrida de costas
Correr de costas 100 m
Caminhada para trás
correr para tras
Vuelta 3 hacia atrás
Achteruit lopen
achteruitlopen 1 min
achteruit
Achterwaarts lopen
Achteruit hardlopen 400 m
倒跑
倒跑 1分钟
后退跑 200米
倒着跑
倒走
第3组 倒走
後退跑 30秒
倒退走
向后跑
倒著跑
後ろ向き
後ろ向き走 100m
後ろ走り
うしろ走り 1分
バック走
ﾊﾞｯｸ走
バックラン 3本
後進
後ろ歩き
後ろ向き歩き
뒤로 걷기
뒤로 달리기 1분
거꾸로 걷기
Springa baklänges
baklänges 100 m
Løbe baglæns
baglæns
løpe baklengs
Takaperin juoksu
Juoksu takaperin 2 min
Bieg tyłem
tyłem 100 m
Běh pozpátku
Бег спиной вперёд
бег спиной вперед 100 м
бег задом наперёд
ходьба спиной вперед
BACKWARDS RUN 2/6
Int 4 (backwards)
Laufen (rückwärts)
Block 2: rückwärts bergauf
Dauerlauf rückwärts
Course à pied en arrière
2' marche à reculons
correre all'indietro
Achteruit rennen
倒退跑 5x100m
バック走30m×5
뒤로걷기
Backward set 2
""".strip().splitlines()

FORWARD = """
Forward
Run forward 100 m
Forward run
Interval 4 forwards
vorwärts
Intervall 2 vorwärts laufen
vorwaerts
Course en avant
Marche avant
Correr hacia adelante
Corrida para a frente
corsa in avanti
Voorwaarts lopen
vooruit lopen
正着跑
向前跑 1分钟
前向き
앞으로 달리기
springa framåt
juoksu eteenpäin
bieg przodem
бег лицом вперёд
""".strip().splitlines()

SIDEWAYS_NAMES = """
Sideways
side steps
Sidesteps
Side shuffle 20 m
Side-step left
Side shuffles right
Carioca
carioca drill
Grapevine
lateral shuffle
Lateral steps
Lateral
seitwärts
seitwärts laufen
Seitwaerts
Pas chassés
pas latéraux
3. Pas chassés 30 s
de lado
correr de lado
desplazamiento lateral
Passi laterali
corsa laterale
zijwaarts
Zijwaartse passen
侧身跑
侧滑步
横向移动
サイドステップ
横向き
横歩き 20m
옆으로 걷기
""".strip().splitlines()

NO_WAY = """
back
back to start
way back
run back home
run back
back to back intervals
6x400 w/ 90s jog back
walk back
jog back recovery
Back Bay loop
Bareback Rd
Backyard Ultra
Comeback run
out and back
Rückweg
zurück
Zurück zum Start
Rückenschwimmen
Rücken
retour
aller-retour
marche retour
retour au calme
Retour en arrière
vuelta atrás
ida y vuelta
cuenta atrás
cuenta hacia atrás
indietro tutta
indietro
torna indietro
ritorno
volta
Retro Fitness 5k
Retrospective
Retro Lauf Köln
Retro Run 5k
Retro Street
Café Retro
reverse
reverse loop
reverse route
reverse splits
Reverse Pyramid
Reverse Parkrun
reverse run of the lake loop
negative split
backstroke
sit back
back squats
lunges backward
Backward lunges 10x
Lunges, backward
walking lunges backward
Ausfallschritte rückwärts
Fentes en arrière
zancadas hacia atrás
affondi all'indietro
uitvalspassen achterwaarts
backward arm circles
leg swings backward
Lean backward
Look backwards
Count backwards
terug
heen en terug
achterhoek
achter de duinen
回程
返回
往返跑
折返跑
倒数10秒
倒计时
back 9
costa
Costas de Maro
Costa Brava 10k
lateral raises
side road
seaside run
West Side
inside
besides
Sidewalk run
Grapevine Run
Corrida Carioca
横浜ラン
カムバックラン
アウト&バックラン
バックランジ
4x (100 m forward / 100 m backward)
forward and backward alternating
vor- und rückwärts
vorwärts/rückwärts
en avant et en arrière
hacia adelante y hacia atrás
前後走
앞뒤로 달리기
not backward
Don't run backwards
no backward running
nicht rückwärts
kein Rückwärtslaufen
pas de course arrière
sin correr hacia atrás
不要倒跑
не спиной вперёд
after backward run
Rest after backwards
rest before backward
Pause vor rückwärts
Backward rest
Backward run recovery
Backward Run - Warm Up
Warm up + backward
Récup course arrière
倒跑休息
倒跑后恢复
100 m run, 100 m backward
200 m run 100 m backward
100 m backward, 100 m easy
30 s backward 30 s float
Run, then backward
run / backward
backward and normal
backward 50 m, jog back
Loop backwards
run the course backwards
Hausrunde rückwärts
Alsterrunde rückwärts
1 Runde rückwärts
Central Park backwards
backward sideways
Easy run
easy
Run
Walk
Lauf
Warm up
Warm-up run
Cool down
Recovery
3. Récup
Aufwärmen
Einlaufen
Auslaufen
Échauffement
Calentamiento
Riscaldamento
热身
慢跑
恢复
ジョグ
ウォームアップ
Interval 3
Lap 1
Lap 12
Tempo @ 4:10/km
Threshold 10 min
Z2
5 km
BW run
Krebsgang
逆走
Elbtour rückwärts
Rund um den See rückwärts
Loop (backwards)
same route, backwards
Backward workout
Easy jog - backward workout
Recovery jog (backward set)
Recovery walk (Backwards Workout)
Set up for backward run
Jog in between backward runs
5 min easy + 5 x 100 m backward
FW/BW
Turn around and run back
Throwback Thursday run
Feedback run
zurücktraben
revenir en arrière
Course à l'envers
trote de vuelta
volta à calma
andata e ritorno
terug joggen
jogga tillbaka
обратно
назад
后程加速
倒数第二组
转身跑回
バックストレート
後半ペースアップ
横須賀マラソン
湖西侧跑步
外侧跑
뒤로 돌아
fast forward
forward fold
forward lunges
no forward
""".strip().splitlines()


@pytest.mark.parametrize("name", BACKWARD)
def test_backward_is_understood(name: str) -> None:
    assert said_by_name(name)[0] == "backward"


@pytest.mark.parametrize("name", FORWARD)
def test_forward_is_understood(name: str) -> None:
    assert said_by_name(name)[0] == "forward"


@pytest.mark.parametrize("name", SIDEWAYS_NAMES)
def test_sideways_is_understood(name: str) -> None:
    assert said_by_name(name)[0] == "sideways"


@pytest.mark.parametrize("name", NO_WAY)
def test_no_way_is_said(name: str) -> None:
    assert said_by_name(name)[0] is None


@pytest.mark.parametrize(
    ("name", "motion"),
    [
        ("Easy run", "run"),
        ("6x400 w/ 90s jog", "run"),
        ("Backward run", "run"),
        ("Rückwärtslaufen", "run"),
        ("倒跑 1分钟", "run"),
        ("バック走", "run"),
        ("Bieg tyłem", "run"),
        ("Walk", "walk"),
        ("Walk backward slowly", "walk"),
        ("Rückwärts gehen", "walk"),
        ("倒走", "walk"),
        ("後ろ歩き", "walk"),
        ("marche à reculons", "walk"),
        ("Stand still", "still"),
        ("Stehpause", "still"),
        ("Rest", None),
        ("Recovery", None),
        ("Pause", None),
        ("backward", None),
        ("run/walk", None),
        ("6 x 400 m with walk recovery", None),
        ("walking lunges", None),
        ("lunges backward", None),
        ("don't run", None),
        ("Interval 3", None),
        ("", None),
    ],
)
def test_motion_is_understood(name: str, motion: str | None) -> None:
    assert said_by_name(name)[1] == motion


KNOWN = st.sampled_from(BACKWARD + FORWARD + SIDEWAYS_NAMES + NO_WAY)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    way, motion = said_by_name(text)
    assert way in (None, "forward", "backward", "sideways")
    assert motion in (None, "still", "walk", "run")


@given(KNOWN)
def test_case_accents_and_form_of_letters_change_nothing(name: str) -> None:
    said = said_by_name(name)
    parts = unicodedata.normalize("NFD", name)
    bare = "".join(c for c in parts if not "\u0300" <= c <= "\u036f")
    for other in (name.upper(), name.lower(), parts, unicodedata.normalize("NFKC", name), bare):
        assert said_by_name(other) == said


@given(KNOWN, st.integers(1, 999), st.sampled_from(["{n}. {name}", "#{n} {name}", "{name} ({n})"]))
def test_a_number_beside_it_changes_nothing(name: str, n: int, form: str) -> None:
    assert said_by_name(form.format(n=n, name=name)) == said_by_name(name)


@given(st.sampled_from(BACKWARD), st.sampled_from(FORWARD), st.sampled_from([" / ", " + ", ", "]))
def test_two_ways_in_one_name_say_none(one: str, other: str, between: str) -> None:
    assert said_by_name(one + between + other)[0] is None
    assert said_by_name(other + between + one)[0] is None


@given(st.sampled_from(BACKWARD), st.sampled_from(["not", "nicht", "sans", "без", "geen"]))
def test_a_negation_says_nothing(name: str, negation: str) -> None:
    assert said_by_name(f"{negation} {name}") == (None, None)


HOSTILE = [
    "backward ", "recovery backward ", "recovery ", "retro ", "rückwärts", "no . ", "no ",
    "n", "a", "a ", "G ",
    "1", "1.", "1:1 ", "1'", "' ", "1 m ", "x y z 5 km ", "|", ", ", "\n", "\u0301", "\ufdfa",
    "倒", "倒着", "後ろ",
]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_long_hostile_names_take_linear_time(part: str) -> None:
    """A quadratic step over 100 kB would take minutes; the limit is generous to a busy machine."""
    text = part * (100_000 // len(unicodedata.normalize("NFKC", part)))
    started = time.process_time()
    said_by_name(text)
    said_by_name(f"{text} backward")
    assert time.process_time() - started < 10


FILES = real_files("activities/*/*")


@pytest.mark.parametrize("real", FILES, ids=lambda p: p.name, indirect=True)
def test_no_real_lap_is_called_backward(real: Path) -> None:
    """Nobody ran backward in the public recordings; few say anything but a workout's name."""
    for recording in (found for found in outcomes(real) if isinstance(found, Recording)):
        told = [
            text for one in (*recording.laps, *recording.workout) for text in (one.name, one.notes)
        ]
        for text in filter(None, [recording.workout_name, *told]):
            assert said_by_name(text)[0] != "backward", text


def lap(start_s: float, end_s: float, way: str | None = None, motion: str | None = None) -> Said:
    return Said(start_s=start_s, end_s=end_s, way=way, motion=motion)  # type: ignore[arg-type]


def evidence(*laps: Said, seconds: int = 10):
    (found,) = lap_names(Seen(steps=round(seconds / STEP_S), laps=laps))
    assert (found.witness, found.told) == ("lap names", "laps")
    assert found.log_likelihood.dtype == np.float32
    assert found.log_likelihood.shape == (round(seconds / STEP_S), 7)
    assert not found.log_likelihood[~found.heard].any()
    return found


def test_a_lap_speaks_against_the_other_ways_only() -> None:
    found = evidence(lap(2, 4, "backward", "run"))
    np.testing.assert_array_equal(np.flatnonzero(found.heard), np.arange(20, 40))
    row = found.log_likelihood[30]
    against = [FORWARD_WALK, FORWARD_RUN, SIDEWAYS]
    np.testing.assert_array_equal(np.flatnonzero(row), sorted(against))
    assert (row[against] == OPPOSED).all()


@pytest.mark.parametrize(
    ("way", "open_states"),
    [
        ("backward", [BACKWARD_WALK, BACKWARD_RUN]),
        ("forward", [FORWARD_WALK, FORWARD_RUN]),
        ("sideways", [SIDEWAYS]),
    ],
)
def test_each_row_adds_up_to_the_states_of_other_ways(way: str, open_states: list[int]) -> None:
    """Five states have a way; standing and other movement have none and stay possible."""
    row = evidence(lap(0, 10, way)).log_likelihood[50]
    assert row.sum() == OPPOSED * (5 - len(open_states))
    assert not row[[STILL, OTHER, *open_states]].any()


def test_laps_that_say_no_way_say_nothing() -> None:
    assert lap_names(Seen(steps=100)) == ()
    assert lap_names(Seen(steps=100, laps=(lap(0, 10), lap(2, 3, motion="run")))) == ()
    found = evidence(lap(0, 5, "backward"), lap(5, 10, motion="run"))
    assert found.heard[:50].all()
    assert not found.heard[50:].any()


@pytest.mark.parametrize("turned", [False, True])
def test_the_shorter_of_two_laps_counts(turned: bool) -> None:
    laps = [lap(0, 10, "forward"), lap(4, 6, "backward"), lap(7, 8)]
    found = evidence(*(reversed(laps) if turned else laps))
    backward = found.log_likelihood[:, FORWARD_RUN] == OPPOSED
    np.testing.assert_array_equal(np.flatnonzero(backward), np.arange(40, 60))
    assert (found.log_likelihood[~backward, BACKWARD_RUN] == OPPOSED).all()
    assert found.heard.all()


def test_laps_of_one_length_that_disagree_say_nothing_there() -> None:
    found = evidence(lap(0, 6, "forward"), lap(4, 10, "backward"))
    np.testing.assert_array_equal(np.flatnonzero(~found.heard), np.arange(40, 60))


def test_laps_beyond_the_recording_or_without_a_length() -> None:
    found = evidence(lap(-5, 1, "backward"), lap(9, 99, "forward"), lap(50, 60, "sideways"))
    np.testing.assert_array_equal(np.flatnonzero(found.heard), [*range(10), *range(90, 100)])
    odd = (lap(5, 5, "backward"), lap(6, 4, "backward"), lap(float("nan"), 4, "backward"))
    assert lap_names(Seen(steps=100, laps=odd)) == ()
    (endless,) = lap_names(Seen(steps=100, laps=(lap(-np.inf, np.inf, "backward"),)))
    assert endless.heard.all()


spans = st.tuples(
    st.floats(-5, 15), st.floats(-5, 15), st.sampled_from([None, "forward", "backward", "sideways"])
)


@given(st.lists(spans, max_size=6))
def test_any_laps_give_rows_of_one_way_or_none(laps: list[tuple[float, float, str | None]]) -> None:
    for found in lap_names(Seen(steps=100, laps=tuple(lap(*one) for one in laps))):
        sums = found.log_likelihood.sum(axis=1)
        assert set(sums[found.heard]) <= {3 * OPPOSED, 4 * OPPOSED}
        assert not sums[~found.heard].any()
