"""The words of the visits' page, in both languages; `words.py` picks from them."""

from policies.building import Label

VISIT_TEXTS: dict[str, Label] = {
    "nav-visits": Label("Visites", "Visits"),
    "visits-title": Label("Visites", "Visits"),
    "visits-lead": Label(
        "Qui est attendu, qui est arrivé, qui est reparti. Un visiteur n’a de droits qu’une fois accueilli.",
        "Who is expected, who is here, who has gone. A visitor has no rights before you have seen them.",
    ),
    "visits-expected": Label("Attendus", "Expected"),
    "visits-arrived": Label("Sur place", "Here"),
    "visits-gone": Label("Repartis", "Gone"),
    "no-visit-expected": Label("Plus personne n’est attendu.", "Nobody else is expected."),
    "no-visit-arrived": Label("Aucun visiteur sur place.", "No visitor is here."),
    "no-visit-gone": Label("Personne n’est encore reparti.", "Nobody has gone yet."),
    "day-before": Label("Veille", "Day before"),
    "day-after": Label("Lendemain", "Day after"),
    "day-today": Label("Aujourd’hui", "Today"),
    "visit-of": Label("chez {host}", "to see {host}"),
    "visit-late": Label("en retard", "late"),
    "visit-overdue": Label("devait partir à {time}", "was to leave at {time}"),
    "visit-escorted": Label("avec escorte", "escorted"),
    "visit-alone": Label("sans escorte : {places}", "alone: {places}"),
    "visit-came": Label("arrivée à {time}", "came at {time}"),
    "visit-left": Label("départ à {time}", "left at {time}"),
    "visit-cancelled": Label("annulée", "cancelled"),
    "visit-badge": Label("badge {badge}", "badge {badge}"),
    "badge-lent": Label("Badge remis", "Badge handed out"),
    "badge-none": Label("sans badge", "no badge"),
    "badge-tapped": Label("présenté à {time}", "tapped at {time}"),
    "visit-arrive": Label("Accueillir", "Arrived"),
    "visit-arrive-of": Label("Accueillir {name}", "{name}: arrived"),
    "visit-leave": Label("Laisser repartir", "Gone"),
    "visit-leave-of": Label("Laisser repartir {name}, badge rendu", "{name}: gone, badge returned"),
    "visit-cancel": Label("Annuler", "Cancel"),
    "visit-cancel-of": Label("Annuler la visite de {name}", "Cancel {name}’s visit"),
    "visit-new": Label("Annoncer un visiteur", "Expect a visitor"),
    "visitor-name": Label("Nom du visiteur", "Visitor’s name"),
    "visitor-which": Label("Déjà venu ?", "Here before?"),
    "visitor-new": Label("Non, quelqu’un d’autre", "No, somebody else"),
    "visitor-nobody": Label(
        "Personne de ce nom n’est venu récemment.", "Nobody of that name was here lately."
    ),
    "visitor-came": Label("dernière visite le {day}", "last visit on {day}"),
    "visitor-here": Label("sur place depuis le {day}", "here since {day}"),
    "visitor-expected": Label("attendu le {day}", "expected on {day}"),
    "visitor-missed": Label("n’est pas venu le {day}", "did not come on {day}"),
    "visit-host": Label("Hôte (nom ou identifiant)", "Host (name or id)"),
    "visit-host-which": Label("Lequel ?", "Which one?"),
    "visit-from": Label("De", "From"),
    "visit-until": Label("Jusqu’à", "Until"),
    "visit-how": Label("Déplacement", "Moves about"),
    "visit-how-escorted": Label("avec son hôte", "escorted by the host"),
    "visit-how-alone": Label("sans escorte, dans : {space}", "alone, in: {space}"),
    "visit-expect": Label("Annoncer", "Expect"),
    "visit-here": Label("Déjà là", "Here already"),
    "visits-csv": Label("Télécharger en CSV", "Download as CSV"),
    "refused-visit-changed": Label(
        "Cette visite vient de changer : voici où elle en est.",
        "This visit has just changed: here is how it stands.",
    ),
    "refused-visit-over": Label(
        "L’heure de cette visite est passée : annoncez-la à nouveau, « déjà là ».",
        "This visit’s time is over: expect the visitor anew, “here already”.",
    ),
    "refused-badge-taken": Label(
        "Ce badge n’est pas libre : choisissez-en un autre.", "That badge is not free: choose another."
    ),
    "refused-visit-name": Label("Le nom du visiteur est nécessaire.", "The visitor’s name is needed."),
    "refused-visitor-which": Label(
        "Quelqu’un de ce nom est déjà venu : dites si c’est la même personne.",
        "Somebody of that name was here before: say whether it is them.",
    ),
    "refused-visitor-unknown": Label(
        "Le visiteur choisi n’est plus de ceux de ce nom : choisissez de nouveau.",
        "The visitor you chose is no longer among those of that name: choose again.",
    ),
    "refused-visit-host": Label("Aucun hôte de ce nom.", "There is no host of that name."),
    "refused-visit-hosts": Label(
        "Plusieurs personnes portent ce nom : choisissez l’hôte.",
        "Several people have that name: choose the host.",
    ),
    "refused-visit-alone": Label(
        "Seul le bâtiment décide de ce qu’un visiteur ouvre seul : annoncez-le accompagné.",
        "Only the building says what a visitor opens alone: expect one who is escorted.",
    ),
    "refused-visit-time": Label(
        "La fin de la visite doit être à venir, et après son début.",
        "The end of the visit must be to come, and after its beginning.",
    ),
}
