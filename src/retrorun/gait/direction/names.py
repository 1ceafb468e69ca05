"""What the names of laps and workout steps say of direction and motion, in many languages.

A name is read in three passes: `_plain` takes away case, accents and ornaments, `_symbols` turns
each phrase it knows into a letter, and `said_by_name` judges the short string of letters. A
forward lap called backward is the worst mistake, so whatever is in doubt says nothing: a negation,
a way back, a route run in the other direction, an exercise on the spot, two ways in one name.

The letters: B, F, S backward, forward, sideways; b, f, s the same where every other word is known;
R, J, W, T running, jogging, walking, standing; E an effort; N a part of a workout; G a stage such
as recovery; Q a quantity; K something that leaves the way open, a route or the workout's title; X
something that leaves all open; x the same for one item of a list; | the next item; ? a word that
is not known. Words that change nothing have no letter.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrorun.gait.direction.states import (
    STATES,
    STATES_OF,
    Evidence,
    Floats,
    Said,
    Seen,
    Way,
    steps_between,
)

Motion = Literal["still", "walk", "run"]

#: Log-likelihood of another way in one step of `STEP_S`, relative to the way of the lap's name.
#: Names are nearly exact; who starts late stands or prepares, which stays free (chosen).
OPPOSED = -12.0

#: Phrases between commas, each a regular expression of whole words; the first that fits counts.
_SPACED = {
    "BR": """
        retrorunning, retroruns?, retrolauf(?:en)?, retrocorr(?:er|endo), retrocarrera,
        (?:run|running|jog)backwards?, backwards?(?:run|running|jog|jogging), back ?pedal(?:s|ing),
        back ?pedall?ing, back ?pedal,
        (?:rückwärts|rueckwaerts)(?:lauf|läufe|laufen|laufend|gelaufen),
        (?:rückwärts|rueckwaerts)(?:joggen|rennen|sprints?|traben), course (?:en )?arrière,
        course à reculons, corsa all indietro, (?:corrida|correr|corra) de ré,
        achteruit(?:rennen|hardlopen|joggen), baklängeslöpning, bakåtlöpning, baglænsløb,
        takaperinjuoksu, бег (?:спиной|задом)(?: вперёд| наперёд)?""",
    "BW": """
        retrowalk(?:ing)?, backwards?(?:walk|walking), walkbackwards?, marche à reculons,
        (?:rückwärts|rueckwaerts)(?:gehen|gehend|walken|walking|marsch),
        (?:caminhada|caminhar|andar) de ré, achteruitwandelen,
        ходьба (?:спиной|задом)(?: вперёд| наперёд)?""",
    "B": """
        backwards?, rückwärts(?:schritte?)?, rueckwaerts(?:schritte?)?, rückw, en arrière,
        à reculons, hacia atrás, para (?:atrás|trás), p ?ra trás, all indietro, corsa a ritroso,
        achteruit(?:lopen)?, achterwaartse?, rugwaarts, baklänges, baglæns, baklengs, takaperin,
        selkä edellä, tyłem, do tyłu, pozpátku, (?:спиной|задом) (?:вперёд|наперёд), спиной вперёд,
        задом наперёд, пятясь""",
    "F": """
        forwards?, (?:vorwärts|vorwaerts)(?:lauf|laufen|gehen)?, vorw, en avant,
        (?:course|marche) (?:en )?avant, hacia (?:adelante|delante), para (?:adelante|delante),
        para (?:a )?frente, p ?ra frente, in avanti, voorwaartse?, framlänges, framåt, forlæns,
        forlengs, fremad, etuperin, eteenpäin, przodem, do przodu, popředu, dopředu, лицом вперёд,
        вперёд""",
    "S": """
        sideways, sidewise, side ?step(?:s|ping|per)?, side ?shuffl(?:e|es|ing), side ?skips?,
        side ?gallops?, lateral (?:shuffl(?:e|es|ing)|run|running|jog|walk|walking|steps?),
        cariocas? (?:steps?|drills?), seitwärts(?:lauf|laufen|gehen)?, seitwaerts(?:lauf|laufen)?,
        seitgalopp, (?:seit|nach)stellschritte?, pas (?:chassés?|latéraux|de côté),
        (?:course|déplacements?) latéra(?:le|l|ux), (?:corsa|camminata) laterale, passi laterali,
        (?:carrera|corrida|desplazamiento|deslocamento) lateral, (?:pasos|passos) laterales?,
        (?:desplazamientos|deslocamentos|passos) latera(?:les|is),
        (?:correr|andar|caminar|corrida|pasos|passos) de (?:lado|lateral), zijwaartse?, zijpas,
        zijpassen, kruispas, kruispassen, sidledes, sidsteg, sidelæns, sidelengs, sivuttain,
        sivulaukka, bokiem, боком, приставн(?:ой|ым|ые) шаг(?:ом|и)?""",
    "bR": """
        retro run(?:s|ning)?, retro jog(?:ging)?, retro lauf(?:en)?, reverse (?:running|jogging),
        corsa (?:indietro|di spalle), (?:course|courir) en marche arrière, běh vzad""",
    "bW": "retro walk(?:ing)?, reverse walking, camminata indietro, marche arrière",
    "b": "retro, de espaldas, de costas, marcha atrás, bakåt, bakover, taaksepäin",
    "f": "vooruit, de frente, framover, fremover, vpřed",
    "s": "cariocas?, grapevines?, lateral, laterale, de lado",
    "X": """
        lunges?, squats?, swings?, circles?, rolls?, kicks?, raises?, stretch(?:es|ing)?, planks?,
        hop, hops, hopping, jump, jumps, jumping, skip, skips, skipping, crawl, strokes?, swim,
        swimming, dives?, bike, cycling, rid(?:e|ing), ski, skiing, skat(?:e|ing), row, rowing,
        throws?, folds?, count, counting, countdown, ausfallschritte?n?, kniebeugen?, kreisen,
        schwimmen, rad, fahren, rolle, purzelbaum, zählen, fentes?, nage, natation, compte, roulade,
        zancadas?, sentadillas?, estocadas?, desplantes?, cuenta, nado, natación, voltereta,
        affond[oi], nuoto, capriola, salto, afundos?, avanços?, agachamentos?, contagem,
        uitvalspas(?:sen)?, zwemmen, fietsen, utfall, udfald, wykrok(?:i)?, výpad(?:y)?,
        выпад(?:ы)?, not, never, without, no(?![ .]*[0-9]), don ?t, [a-z]+n t, nicht, kein(?:e|en)?,
        ohne, nie, sans, jamais, ne, pas (?:de |d )?(?:course|marche), sin, nunca, senza, non, sem,
        não, geen, niet, zonder, inte, utan, ikke, uden, uten, ei, ilman, bez, не, без""",
    "x": """
        arms?, legs?, heads?, necks?, shoulders?, hips?, knees?, eyes?, feet, heels?, lean, leaning,
        bend, bending, look, looking, glance, arme, beine, kopf, blick, schultern?, bras, jambes?,
        regard, regarder, brazos?, piernas?, mirar, mirando, braccia, gambe, braços?, pernas?,
        armen, benen""",
    "G": """
        rest, resting, recover, recovery, recoveries, recov, rec, warm ?up, warming up, wu,
        cool ?down, cooling down, cd, pausen?, erholung, gehpause, trabpause, einlaufen, auslaufen,
        aufwärmen, récup, récupération, récupérer, repos, échauffement, retour au calme,
        recuperación, recuperação, descanso, calentamiento, enfriamiento, aquecimento,
        desaquecimento, recupero, riposo, pausa, riscaldamento, defaticamento, herstel, rust, pauze,
        opwarming, cooling, vila, paus, uppvärmning, opvarmning, oppvarming, lepo, tauko, palautus,
        odpoczynek, przerwa, rozgrzewka, odpočinek, отдых, пауза, разминка, заминка""",
    "K": """
        fast forward, set ?up, workouts?, session, training, einheit, plan, entrenamiento,
        entraînement, séance, allenamento, treino, back, way back, returns?, returning,
        (?:lap|runde|ronde|tour|vuelta|volta|giro|varv|kierros|круг|tur)(?! ?[0-9]), laps, runden,
        tours, vueltas, voltas, giri, loops?, routes?, circuit, trail,
        (?:the|race|whole|same|golf) course, course backwards?, hausrunde, seerunde, strecke,
        schleife, boucle, parcours, circuito, percorso, recorrido, percurso, rondje, rundan?,
        runden, banan?, slingan?, rute, ruten, lenkki, trasa, pętla, before, after, between, until,
        till, ready, prepare, preparation, prep, start, next, upcoming, from, vor, nach, bis,
        zwischen, danach, avant, après, entre, jusqu, retour, antes, después, depois, prima, dopo,
        torna(?:re)?, ritorno, regreso, voor, na, tussen, terug, zurück, zurueck,
        normal(?:e|es|ly)?, regular, alternat(?:e|ing|ed|ely), mix, mixed, abwechselnd, altern[eé],
        alternando, beide, both, före, efter, ennen, przed, po, před, перед, после, назад""",
    "T": "stand, standing, still, stehen, stehpause, debout, fermo, de pie, parado, stilstaan",
    "J": "jogs?, jogging, joggen, traben, trab, trot, trotter, trote, trotar, corsetta, dribbelen",
    "R": """
        run, runs, running, sprints?, lauf, laufen, dauerlauf, course à pied, läufe, laufend,
        rennen, sprinten, course, courir, footing, carrera, correr, corriendo, corsa, correre,
        corri, corrida, corre, hardlopen, löpning, springa, løb, løbe, løping, løpe, juoksu, juokse,
        bieg, biegać, bieganie, běh, бег, бегом""",
    "W": """
        walk, walks, walking, gehen, gehend, marsch, marche, marcher, caminar, caminata, caminando,
        andar, marcha, camminata, camminare, caminhada, caminhar, wandelen, promenad, kävely, marsz,
        chůze, ходьба""",
    "|": """
        and, then, with, w, und, dann, mit, et, puis, avec, y, e, luego, con, poi, depois, com, en,
        dan, met, och, sedan, og, ja, sitten, i, potem, a, pak, и, потом, plus, vs""",
    "E": """
        easy, slow, slowly, fast, quick, quickly, moderate, hard, steady, gentle, locker, langsam,
        schnell, zügig, lent, lente, lentement, rapide, facile, lento, lenta, suave, fácil, rápido,
        veloce, piano, leve, rustig, snel, relaxed, float""",
    "N": """
        intervall?s?, intervalle, intervalos?, intervallo, int, reps?, sets?, series?, serie, série,
        drills?, blocks?, part, teil, parte, partie, deel""",
    "": """
        x, times?, mal, fois, veces, vezes, volte, keer, steps?, schritte?, pas, pasos, passi,
        passos, exercises?, übung, uebung, exercice, ejercicio, esercizio, exercício, oefening,
        övning, technique, technik, fartlek, track, bahn, treadmill, laufband, uphill, downhill,
        hill, bergauf, bergab, tempo, pace, zone, z, rpe, hr, bpm, spm, of, the, on, in, at, to,
        for, im, only, nur, go, lopen, move, moving, lap, runde, ronde, tour, vuelta, volta, giro,
        varv, kierros, круг, tur""",
}

#: Phrases of scripts without spaces between words; they count inside longer runs, too.
_UNSPACED = {
    "BR": """
        (?<![颠顛摔跌])倒[着著]?跑, [倒后後]退着?跑, [向往][后後]跑, 背向跑, 後退走,
        (?:後ろ|うしろ|後)向?き?走り, (?:後ろ|うしろ|後)向き(?:ラン|で?走る|走|ジョグ),
        (?<![ァ-ヺー])バック(?:走|ラン(?!ジ)), (?<!앞)뒤로 ?(?:달리기|뛰기|조깅),
        거꾸로 ?(?:달리기|뛰기)""",
    "BW": """
        (?<![颠顛摔跌])倒[着著]?走, [倒后後]退着?走, 退步走, [向往][后後]走,
        (?:後ろ|うしろ|後)向?き?歩き, (?:後ろ|うしろ|後)向き(?:で歩く|ウォーク),
        (?<![ァ-ヺー])バック(?:ウォーク|歩き), (?<!앞)뒤로 ?걷기, 거꾸로 ?걷기""",
    "B": "(?:後ろ|うしろ|後)向き(?!な)",
    "FR": "[向往正]前跑, 正[着著向]?跑, 前向き(?:走り?|ラン), 앞으로 ?(?:달리기|뛰기|조깅)",
    "FW": "[向往正]前走, 正[着著向]?走, 前向き歩き, 앞으로 ?걷기",
    "F": "前向き(?!な)",
    "S": """
        [侧側][身向][跑走], [侧側]滑步, [侧側]向移[动動], [横橫]向移[动動], [横橫]向跑, 横向き,
        横走り?, 横歩き, 横移動, サイドステップ, サイドシャッフル, 옆으로 ?(?:달리기|뛰기|걷기),
        사이드 ?스텝""",
    "b": "[倒后後]退, 後進, 후진",
    "f": "前[进進], 전진",
    "s": "[横橫]向, カリオカ",
    "X": """
        弓步, 弓箭步, 箭步, 深蹲, 倒立, 仰泳, 泳, 倒[数數计計], ランジ, スクワット, 런지, 스쿼트,
        不, 别, 別, 勿, 没, ない, なし, 禁止, 안 , 금지, 없이""",
    "K": """
        先, 然[后後], 之[前后後], 交替, 返, (?<![0-9])(?<![0-9] )回(?!目), 戻, アウト, 前[后後],
        交互, 앞뒤, 후에, 전에, 圈, 路, 周""",
    "G": """
        休息, 恢[复復], 热身, 熱身, 放松, 放鬆, 休憩, 回復, リカバリー?, レスト, クールダウン,
        (?<![ァ-ヺー])(?:アップ|ダウン), ウォームアップ, 휴식, 회복, 워밍업, 준비 ?운동, 쿨다운""",
    "T": "站立, 静止, 靜止, 立ち",
    "J": "慢跑, ジョグ, ジョギング, 조깅",
    "R": """
        跑步, 跑, 走り, 走る, (?<![ァ-ヺー])ラン(?:ニング)?(?![ァ-ヺー]), 달리기, 뛰기, 러닝,
        런닝""",
    "W": "步行, 走路, 快走, 散步, 歩き, 歩く, ウォーキング, ウォーク, 걷기",
    "|": "[、。・和と]",
    "": """
        分[钟鐘间間]?, 秒[钟鐘间間]?, 米, 公里, キロ, メートル, 本, 本目, 回目, 第, [组組次趟],
        间歇, 間歇, 분, 초, 세트""",
}

_UNITS = """
    m, km, mi, miles?, meters?, metres?, metern?, metros, metri, mètres, yds?, yards?, s, secs?,
    seconds?, sek, sekunden, segundos, secondi, secondes, min, mins, minut[eo], minut(?:es|en|os|i),
    h, hrs?, std"""

_WITHOUT_ACCENT = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"})


def _folded(text: str) -> str:
    """Without case and accents; marks that make another letter in Asian scripts stay."""
    parts = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(c for c in parts if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", bare).translate(_WITHOUT_ACCENT)


def _plain(text: str) -> str:
    """Folded words with one space between; of the marks only those of lists and numbers stay."""
    lines = "|".join(text.splitlines())
    words = re.sub(r"([0-9]) ?(?:''|\"|”|′′|″)", r"\1 s ", _folded(lines))
    words = re.sub(r"([0-9]) ?['’′]", r"\1 min ", words)
    words = re.sub(r"[^\w|,;+&/>→.:!?、。・]|_", " ", words)
    return " ".join(re.sub(r"[a-zа-я]+", r" \g<0> ", words).split())


def _either(phrases: str) -> str:
    """One expression for phrases between commas; a phrase may go on in the next line."""
    lines = [line.strip() for line in phrases.splitlines()]
    one = "".join(f"{line} " if line.endswith(",") else line for line in lines)
    return "|".join(_folded(phrase) for phrase in one.split(", "))


def _lexer() -> tuple[re.Pattern[str], tuple[str, ...]]:
    """The expression that finds the next phrase, and the letters of its groups."""
    number = r"[0-9]++(?:[.,:/][0-9]++)*+"
    rules = [(letters, rf"\b(?:{_either(said)})\b") for letters, said in _SPACED.items()]
    rules += [(letters, _either(said)) for letters, said in _UNSPACED.items()]
    rules += [
        ("Q", rf"{number} ?(?:{_either(_UNITS)})\b"),
        ("", rf"{number}|/ ?(?:km|mi|mile|h)\b"),
        ("|", r"[|,;+&/>→.!?]"),
        ("?", r"[a-zа-я]+|[^\W\d_]"),
    ]
    pattern = "|".join(f"({rule})" for _, rule in rules)
    return re.compile(pattern), ("", *(letters for letters, _ in rules))


_PHRASE, _LETTERS = _lexer()


def _symbols(text: str) -> str:
    """The letters of a name in their order; the module says what they mean."""
    found = "".join(_LETTERS[m.lastindex or 0] for m in _PHRASE.finditer(_plain(text)))
    return re.sub("[bfs]", "?", found) if "?" in found else found


def _items(symbols: str) -> list[str]:
    """The items of a list. A second quantity starts one: 200 m easy 100 m backward."""
    before, quantity, after = symbols.partition("Q")
    parts = (before + quantity + after.replace("Q", "|Q")).split("|")
    return [part for part in parts if part and "x" not in part]


def _tells(item: str) -> bool:
    """Whether an item of a list is about moving: 100 m easy is, easy alone is how."""
    about = set(item)
    return bool(about & set("BbFfSsRJWTGK")) or ("Q" in about and bool(about & set("E?")))


def _way_of(item: str) -> Way | None:
    """The way that one item of a list says."""
    ways: dict[str, Way] = {"B": "backward", "F": "forward", "S": "sideways"}
    said = {letter for letter in item.upper() if letter in ways}
    if len(said) != 1 or set(item) & set("KT"):
        return None
    if "s" in item and set(item) & set("RJW"):
        return None  # Grapevine Run: a place in Texas
    bare = item.upper().replace("E", "")
    if re.search(r"\?B(?![RJW])", bare):
        return None  # Central Park backwards: a route from its end to its start
    if "G" in bare and ("N" in bare or not _stage_done_so(bare)):
        return None  # the rest after the backward run, or the warm-up of the backward set
    return ways[said.pop()]


def _stage_done_so(item: str) -> bool:
    """Whether a stage comes first and then how to move in it: recovery, walk backward."""
    before, _, after = item.partition("G")
    return not set(before) & set("BFS") and bool(re.search("[WJ][BFS]|[BFS][WJ]", after))


def _motion_of(symbols: str) -> Motion | None:
    motions: dict[str, Motion] = {"R": "run", "J": "run", "W": "walk", "T": "still"}
    said = {motions[letter] for letter in symbols if letter in motions}
    return said.pop() if len(said) == 1 else None


def said_by_name(text: str) -> tuple[Way | None, Motion | None]:
    """The way and the motion that a lap's or step's name or notes tell the athlete, or None.

    Forward is said only by a word for it: an easy run says running. Rest and recovery say no
    motion, for people stand, walk or jog in them. A list must agree in all its items.

    >>> [said_by_name(name) for name in ("Intervall 3 rückwärts", "retro running", "jog back")]
    [('backward', None), ('backward', 'run'), (None, 'run')]
    """
    symbols = _symbols(text)
    items = _items(symbols)
    if "X" in symbols or ("G" in symbols and len(items) > 1):
        return None, None
    ways = {_way_of(item) for item in items if _tells(item)}
    return ways.pop() if len(ways) == 1 else None, _motion_of("".join(items))


_WAYS = tuple(STATES_OF)


def lap_names(seen: Seen) -> tuple[Evidence, ...]:
    """What the names of the laps say of the way; an empty tuple where no lap says one.

    Within a lap that says a way the states of other ways get `OPPOSED`; its own, standing and
    other movement get zero. Of laps that overlap and disagree the shorter counts; two of the same
    length say nothing there. A lap that says no way changes nothing, whatever motion it says:
    people walk in a run and jog in a rest.
    """
    code = _way_of_steps(seen.laps, steps=seen.steps)
    if not (code >= 0).any():
        return ()
    log_likelihood = np.zeros((seen.steps, STATES), dtype=np.float32)
    for said in range(len(_WAYS)):
        others = [state for way in _WAYS if way != _WAYS[said] for state in STATES_OF[way]]
        log_likelihood[np.ix_(code == said, others)] = OPPOSED
    heard = code >= 0
    return (Evidence(witness="lap names", told="laps", log_likelihood=log_likelihood, heard=heard),)


def _way_of_steps(laps: tuple[Said, ...], *, steps: int) -> NDArray[np.int8]:
    """The index in `_WAYS` for the middle of each step, -1 where no lap says one."""
    code = np.full(steps, -1, dtype=np.int8)
    length_s: Floats = np.full(steps, np.nan)
    telling = [lap for lap in laps if lap.way is not None and lap.end_s > lap.start_s]
    for lap in sorted(telling, key=lambda lap: lap.start_s - lap.end_s):
        part = steps_between(lap.start_s, lap.end_s, steps=steps)
        said, long_s = _WAYS.index(lap.way or "forward"), lap.end_s - lap.start_s
        clash = (length_s[part] == long_s) & (code[part] != said)
        code[part] = np.where(clash, -1, said)
        length_s[part] = long_s
    return code
