"""The words of `totem policy explain`, in French and in English."""

from policies.analysis.explanation.verdicts import Condition, Verdict
from policies.decision import Message

MARKS = {Verdict.HIT: "✓", Verdict.MISS: "✗", Verdict.MAY: "?"}

HEADS = {
    "assumed": Message("pas indiqué, donc supposé :", "not given, and so assumed:"),
    "next": Message("ouvrirait à :", "would open at:"),
    "gates": Message("ce que toute entrée demande, dans l’ordre :", "what every entry asks, in this order:"),
    "rules": Message("règles sur cette porte :", "rules about this door:"),
    "no-rules": Message("aucune règle ne concerne cette porte", "no rule is about this door"),
    "near": Message("il aurait suffi :", "it would have opened:"),
}

CONDITIONS = {
    Condition.TYPE: Message("type", "type"),
    Condition.TIER: Message("formule", "tier"),
    Condition.ORGANISATION: Message("organisation", "organisation"),
    Condition.PLACE: Message("lieu", "place"),
    Condition.MODE: Message("mode de la porte", "mode of the door"),
    Condition.SCHEDULE: Message("horaire", "schedule"),
    Condition.DATES: Message("dates", "dates"),
    Condition.CERTIFICATION: Message("formation", "certification"),
    Condition.PROOF: Message("preuve du badge", "proof of the badge"),
    Condition.ESCORT: Message("hôte", "host"),
    Condition.FULL: Message("complet", "full"),
    Condition.BADGE: Message("badge", "badge"),
    Condition.PERSON: Message("personne", "person"),
    Condition.DOOR_MODE: Message("mode de la porte", "mode of the door"),
    Condition.EVALUABLE: Message("toute règle est évaluable", "every rule can be evaluated"),
    Condition.FORBIDS: Message("aucune interdiction", "no forbid"),
    Condition.PERMITS: Message("une permission", "a permit"),
    Condition.PIN: Message("code", "PIN"),
    Condition.PASSBACK: Message("anti-retour", "anti-passback"),
    Condition.CAPACITY: Message("une place libre", "a free place"),
    Condition.SECOND: Message("deuxième personne", "second person"),
}
