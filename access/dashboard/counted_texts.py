"""What is said of a number of things, of one and of several, in both languages; `words.py` picks from them.

French says nought in the singular, English in the plural (CLDR, "Language Plural Rules").
"""

from policies.building import Label

COUNTED_TEXTS: dict[str, tuple[Label, Label]] = {
    "arrivals": (
        Label("arrivée en une heure", "arrival in the last hour"),
        Label("arrivées en une heure", "arrivals in the last hour"),
    ),
    "departures": (
        Label("départ en une heure", "departure in the last hour"),
        Label("départs en une heure", "departures in the last hour"),
    ),
    "source-offline": (
        Label(
            "{number} ordinateur de porte muet : les nombres peuvent retarder",
            "{number} door computer not heard: counts may lag behind",
        ),
        Label(
            "{number} ordinateurs de porte muets : les nombres peuvent retarder",
            "{number} door computers not heard: counts may lag behind",
        ),
    ),
    "waiting-events": (
        Label(
            "{number} événement en avance sur l’heure : gardé, pas encore compté",
            "{number} event ahead of time: kept, not counted yet",
        ),
        Label(
            "{number} événements en avance sur l’heure : gardés, pas encore comptés",
            "{number} events ahead of time: kept, not counted yet",
        ),
    ),
    "ignored-events": (
        Label(
            "{number} événement d’une porte ou d’un espace inconnus : gardé, non compté",
            "{number} event of an unknown door or space: kept, not counted",
        ),
        Label(
            "{number} événements de portes ou d’espaces inconnus : gardés, non comptés",
            "{number} events of unknown doors or spaces: kept, not counted",
        ),
    ),
    "limit-reached": (
        Label(
            "{share} % de la capacité atteints : {number} personne.",
            "{share}% of the capacity reached: {number} person.",
        ),
        Label(
            "{share} % de la capacité atteints : {number} personnes.",
            "{share}% of the capacity reached: {number} people.",
        ),
    ),
    "limit-cleared": (
        Label(
            "De nouveau sous {share} % de la capacité : {number} personne.",
            "Below {share}% of the capacity again: {number} person.",
        ),
        Label(
            "De nouveau sous {share} % de la capacité : {number} personnes.",
            "Below {share}% of the capacity again: {number} people.",
        ),
    ),
    "said-obeyed": (
        Label("{number} porte sur {all} a obéi, à {time}.", "{number} door of {all} obeyed, at {time}."),
        Label("{number} portes sur {all} ont obéi, à {time}.", "{number} doors of {all} obeyed, at {time}."),
    ),
    "lock-down-shuts": (
        Label("{number} porte se ferme à l’entrée.", "{number} door shuts to whoever enters."),
        Label("{number} portes se ferment à l’entrée.", "{number} doors shut to whoever enters."),
    ),
    "lock-down-leaves": (
        Label("{number} personne à l’intérieur peut sortir.", "{number} person inside can leave."),
        Label("{number} personnes à l’intérieur peuvent sortir.", "{number} people inside can leave."),
    ),
    "unnamed": (
        Label(
            "{number} de plus, compté sans que personne sache son nom (entre {low} et {high})",
            "{number} more is counted whom nobody knows by name ({low} to {high})",
        ),
        Label(
            "{number} de plus, comptés sans que personne sache leur nom (entre {low} et {high})",
            "{number} more are counted whom nobody knows by name ({low} to {high})",
        ),
    ),
}
