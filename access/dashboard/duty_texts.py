"""The words of the pages for guards and wardens: word to doors, lockdowns, roll-calls. `words.py` picks from them."""

from policies.building import Label

DUTY_TEXTS: dict[str, Label] = {
    "orders": Label("Commander la porte", "Command the door"),
    "unlock-once": Label("Ouvrir une fois", "Unlock once"),
    "rearm": Label("Réarmer", "Re-arm"),
    "set-mode": Label("Changer de mode", "Set a mode"),
    "mode": Label("Mode", "Mode"),
    "mode-until": Label("Jusqu’à", "Until"),
    "mode-now": Label("Mode : {mode}", "Mode: {mode}"),
    "mode-ends": Label("jusqu’au {time}", "until {time}"),
    "mode-waits": Label("attend la première personne", "waits for the first person"),
    "mode-maintenance": Label("en maintenance", "in maintenance"),
    "mode-normal": Label("badge (normal)", "badge (normal)"),
    "mode-free": Label("libre", "free"),
    "mode-locked": Label("fermée à l’entrée", "locked, nobody enters"),
    "mode-lockdown": Label("confinement", "lockdown"),
    "mode-scheduled": Label("comme prévu à l’horaire", "as scheduled again"),
    "by-default": Label("par défaut", "by default"),
    "by-schedule": Label("selon l’horaire", "by schedule"),
    "by-operator": Label("par un opérateur", "by an operator"),
    "by-event": Label("par un autre système", "by another system"),
    "by-lockdown": Label("par un confinement", "by a lockdown"),
    "said-waits-for-lockdown": Label(
        "Un confinement prime : ce mode est gardé et vaudra quand il sera levé, si son heure n’est pas passée.",
        "A lockdown stands above: this mode is kept, and holds once the lockdown ends, if its time is not over.",
    ),
    "said-silent": Label(
        "ne répond pas : elle obéira à son retour, si l’ordre tient encore.",
        "does not answer: it obeys when it is back, if the order still stands.",
    ),
    "said-silent-once": Label(
        "ne répond pas : elle n’obéira plus. Recommencez.",
        "does not answer, and will not obey any more. Try again.",
    ),
    "said-forged": Label(
        "refuse : l’ordre n’est pas signé par ce site.", "refuses: the order is not signed by this site."
    ),
    "said-stale": Label("refuse : l’ordre est arrivé trop tard.", "refuses: the order came too late."),
    "said-ahead": Label("refuse : l’horloge du serveur avance.", "refuses: the server’s clock is ahead."),
    "said-replayed": Label("refuse : l’ordre a déjà été obéi.", "refuses: the order was obeyed before."),
    "said-superseded": Label("a reçu des ordres plus récents.", "has newer orders."),
    "said-released": Label(
        "refuse : la porte est libérée par les secours.", "refuses: the door is released for evacuation."
    ),
    "said-not-released": Label(
        "refuse : la porte n’est pas libérée, ou l’est encore.",
        "refuses: the door is not released, or still is.",
    ),
    "said-lockdown": Label("refuse : un confinement est en cours.", "refuses: a lockdown is in force."),
    "said-interlock": Label(
        "refuse : l’autre porte du sas est ouverte.", "refuses: another door of the airlock is open."
    ),
    "said-unknown-door": Label("n’est pas connue de son ordinateur.", "is not known to its computer."),
    "said-journal": Label(
        "refuse : elle ne peut rien consigner, donc n’ouvre pas.",
        "refuses: it can keep no record, so it does not open.",
    ),
    "refused-no-reason": Label("Un motif est nécessaire.", "A reason is needed."),
    "refused-reason-long": Label(
        "Le motif est trop long : 300 caractères au plus.", "The reason is too long: at most 300 characters."
    ),
    "refused-interlock": Label(
        "Cette porte est d’un sas : elle n’est jamais laissée libre.",
        "This door is of an airlock: it is never set free.",
    ),
    "refused-order": Label(
        "Cet ordre ne peut pas être donné : rien n’a été dit aux portes.",
        "This order cannot be given: the doors were told nothing.",
    ),
    "refused-until": Label(
        "L’heure de fin doit être à venir. Elle est à 31 jours au plus.",
        "The end must be a time to come. It is 31 days away at most.",
    ),
    "refused-no-lockdown": Label("Il n’y a pas de confinement à lever.", "There is no lockdown to end."),
    "back": Label("Retour", "Back"),
    "cancel": Label("Annuler", "Cancel"),
    "lockdown": Label("Confinement", "Lockdown"),
    "lockdown-lead": Label(
        "Seules les personnes exemptées entrent ; tout le monde peut sortir.",
        "Only the exempt may enter; everybody can leave.",
    ),
    "lock-down-here": Label("Confiner cet espace…", "Lock this space down…"),
    "lock-down-where": Label("Où", "Where"),
    "lock-down-ask": Label("Confiner…", "Lock down…"),
    "lock-down": Label("Confiner maintenant", "Lock down now"),
    "whole-site": Label("Tout le site", "The whole site"),
    "no-lockdown": Label("Aucun confinement en cours.", "No lockdown in force."),
    "lockdown-now": Label("Confinement en cours", "Lockdown in force"),
    "lockdown-now-since": Label("depuis le {time}", "since {time}"),
    "lockdown-since": Label("depuis le {time}, par {actor} :", "since {time}, by {actor}:"),
    "lockdown-end": Label("Lever le confinement", "End the lockdown"),
    "lockdown-end-of": Label("Lever le confinement :", "End the lockdown of"),
    "nav-lockdown": Label("Confinement", "Lockdown"),
    "nav-rollcall": Label("Appel", "Roll-call"),
    "rollcall": Label("Appel", "Roll-call"),
    "rollcall-lead": Label(
        "Qui peut être à l’intérieur, par nom et par espace : pour une alarme ou un exercice, et rien d’autre.",
        "Who may be inside, by name and space: for an alarm or a drill, and for nothing else.",
    ),
    "release-lasts": Label(
        "Portes libérées par les secours depuis {time} : l’appel est figé à cet instant.",
        "Doors released for evacuation since {time}: the roll-call stands still at that moment.",
    ),
    "open-rollcall": Label("Ouvrir un appel", "Open a roll-call"),
    "open-alarm": Label("Alarme", "Alarm"),
    "open-drill": Label("Exercice", "Drill"),
    "look-inside": Label("Voir qui est à l’intérieur", "See who is inside"),
    "rollcalls-before": Label("Appels", "Roll-calls"),
    "no-rollcall": Label("Aucun appel encore.", "No roll-call yet."),
    "drill": Label("exercice", "drill"),
    "real": Label("alarme", "alarm"),
    "is-closed": Label("terminé", "closed"),
    "is-open": Label("en cours", "open"),
    "opened-by": Label("Ouvert le {time} par {actor}", "Opened {time} by {actor}"),
    "closed-at": Label("terminé le {time}", "closed {time}"),
    "inside-at": Label("À l’intérieur à {time}", "Inside at {time}"),
    "list-at": Label("Liste à {time}", "List at {time}"),
    "to-find": Label("à retrouver", "to find"),
    "of-all": Label("sur {all}", "of {all}"),
    "nobody-listed": Label("Personne sur la liste.", "Nobody is on the list."),
    "seen-last": Label("dernier passage à {time}", "seen at {time}"),
    "muster-missing": Label("à retrouver", "inside, to find"),
    "muster-unconfirmed": Label(
        "sortie non confirmée : déduite, pas vue", "not confirmed out: inferred, not seen"
    ),
    "muster-left": Label("sortie à {time}", "left at {time}"),
    "muster-safe": Label("en sécurité à {time}, par {actor}", "safe at {time}, by {actor}"),
    "mark-safe": Label("En sécurité", "Safe"),
    "mark-safe-of": Label("{name} : en sécurité", "{name}: safe"),
    "close-rollcall": Label("Terminer l’appel", "Close the roll-call"),
    "close-means": Label(
        "Les personnes en sécurité seront comptées sorties.", "Whoever is safe will be counted as out."
    ),
    "sheet": Label("Tableau (CSV)", "Table (CSV)"),
}
