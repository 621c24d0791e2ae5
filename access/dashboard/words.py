"""The page's words in French and English, and how each writes numbers and picks itself for a visitor.

One table, both languages side by side, so that a missing translation cannot be. Names of spaces and doors are the
building's own; the sentences of reasons are `policies.decision.message`.
"""

from datetime import date

from access.dashboard.counted_texts import COUNTED_TEXTS
from access.dashboard.duty_texts import DUTY_TEXTS
from access.dashboard.texts import PAGE_TEXTS
from access.dashboard.visit_texts import VISIT_TEXTS
from access.languages import Language, preferred
from policies.building import Label
from policies.decision import Message, Reason, message

__all__ = ["TEXTS", "Language", "Words", "preferred"]


class Words:
    """Everything the page says in one language. `words("key")` is a text, with `{fields}` filled in."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._is_french = language is Language.FR

    def __call__(self, key: str, **fields: object) -> str:
        text = self.pick(TEXTS[key])
        return text.format(**fields) if fields else text

    def counted(self, key: str, number: int, **fields: object) -> str:
        """Return what is said of so many things, with the number and other `{fields}` filled in."""
        is_one = number in {0, 1} if self._is_french else number == 1
        one, several = COUNTED_TEXTS[key]
        return self.pick(one if is_one else several).format(number=self.number(number), **fields)

    def pick(self, label: Label) -> str:
        """Return the label's text in this language."""
        return label.fr if self._is_french else label.en

    def reason(self, reason: Reason) -> str:
        """Return the sentence of a reason."""
        return self.message(message(reason))

    def message(self, message: Message) -> str:
        """Return the message in this language."""
        return message.fr if self._is_french else message.en

    def number(self, number: int) -> str:
        """Write a whole number: `1 234` in French, `1,234` in English."""
        return f"{number:,}".replace(",", "\u202f") if self._is_french else f"{number:,}"

    def decimal(self, number: float) -> str:
        """Write a number with one decimal: `1,5` in French, `1.5` in English."""
        text = f"{number:,.1f}"
        return text.replace(",", "\u202f").replace(".", ",") if self._is_french else text

    def between(self, low: int, high: int) -> str:
        """Write an interval: `12 à 15`, `12 to 15`."""
        return f"{self.number(low)} {self('to')} {self.number(high)}"

    def of(self, number: int, capacity: int | None) -> str:
        """Write a count beside its capacity: `12 / 30`."""
        return f"{self.number(number)} / {self.number(capacity)}" if capacity else self.number(number)

    def weekday(self, number: int) -> str:
        """Return a weekday's name; Monday is 0."""
        return self.pick(_WEEKDAYS[number])

    def dated(self, day: date) -> str:
        """Write a day with its year: `15/09/2026`, `15 Sep 2026`."""
        if self._is_french:
            return day.strftime("%d/%m/%Y")
        return f"{day.day} {self.pick(_MONTHS[day.month - 1])[:3]} {day.year}"

    def percent(self, share: float) -> str:
        """Write a share as whole percents: `30 %` in French, `30%` in English."""
        return f"{share:.0%}".replace("%", "\u202f%") if self._is_french else f"{share:.0%}"

    def share(self, share: float) -> str:
        """Write a small share with one decimal: `2,1 %` in French, `2.1%` in English."""
        return f"{self.decimal(100 * share)}\u202f%" if self._is_french else f"{self.decimal(100 * share)}%"

    def day(self, day: date) -> str:
        """Write a day without its year: `mardi 15 septembre`, `Tuesday 15 September`."""
        return f"{self.pick(_WEEKDAYS[day.weekday()])} {day.day} {self.pick(_MONTHS[day.month - 1])}"


_WEEKDAYS = (
    Label("lundi", "Monday"),
    Label("mardi", "Tuesday"),
    Label("mercredi", "Wednesday"),
    Label("jeudi", "Thursday"),
    Label("vendredi", "Friday"),
    Label("samedi", "Saturday"),
    Label("dimanche", "Sunday"),
)
_MONTHS = (
    Label("janvier", "January"),
    Label("février", "February"),
    Label("mars", "March"),
    Label("avril", "April"),
    Label("mai", "May"),
    Label("juin", "June"),
    Label("juillet", "July"),
    Label("août", "August"),
    Label("septembre", "September"),
    Label("octobre", "October"),
    Label("novembre", "November"),
    Label("décembre", "December"),
)

TEXTS: dict[str, Label] = {
    **PAGE_TEXTS,
    **DUTY_TEXTS,
    **VISIT_TEXTS,
    "title": Label("Le bâtiment maintenant", "Building now"),
    "skip": Label("Aller aux plans", "Skip to the floor plans"),
    "inside": Label("à l’intérieur", "inside"),
    "as-of": Label("au {time}", "as of {time}"),
    "no-data": Label("aucun événement reçu", "no event received yet"),
    "live": Label("en direct", "live"),
    "stale": Label("interrompu depuis {time}", "stale since {time}"),
    "stale-empty": Label("flux interrompu", "stream interrupted"),
    "reload": Label("recharger", "reload"),
    "levels": Label("Niveaux", "Levels"),
    "of": Label("sur {capacity}", "of {capacity}"),
    "capacity": Label("Capacité", "Capacity"),
    "space": Label("Espace", "Space"),
    "people": Label("Personnes", "People"),
    "fill": Label("Remplissage", "Filled"),
    "no-capacity": Label("sans limite", "no limit"),
    "table": Label("Les mêmes chiffres en tableau", "The same figures as a table"),
    "spaces-of": Label("Espaces : {level}", "Spaces: {level}"),
    "doors-of": Label("Portes : {level}", "Doors: {level}"),
    "plan-of": Label("Plan : {level}", "Floor plan: {level}"),
    "plan-desc": Label(
        "Chaque espace porte son nom et son nombre de personnes, chaque porte son état. Le tableau dit la même chose.",
        "Every space shows its name and how many people are in it; every door, its state. The table says the same.",
    ),
    "swipe": Label("↔ Faites glisser le plan", "↔ Swipe to see the whole plan"),
    "colon": Label("\u00a0: ", ": "),
    "door": Label("Porte", "Door"),
    "state": Label("État", "State"),
    "since": Label("Depuis", "Since"),
    "alarms": Label("À surveiller", "To look at"),
    "quiet": Label("Portes calmes, aucun espace plein.", "Doors are quiet, no space is full."),
    "feed": Label("Fil des portes", "At the doors"),
    "feed-empty": Label("Rien encore.", "Nothing yet."),
    "grant": Label("accordé", "granted"),
    "deny": Label("refusé", "refused"),
    "pending": Label("en attente", "waiting"),
    "door-held": Label("La porte reste ouverte.", "The door is being held open."),
    "door-forced": Label("La porte a été forcée.", "The door was forced."),
    "door-released": Label("La porte est libérée par les secours.", "The door is released for evacuation."),
    "door-tampered": Label("Un boîtier a été ouvert à la porte.", "A case was opened at the door."),
    "door-fault": Label("Un organe de la porte ne répond plus.", "A part of the door does not answer."),
    "door-fault-unrecorded": Label(
        "Des événements n’ont pas pu être écrits (disque plein).",
        "Events could not be recorded (disk full).",
    ),
    "alarm": Label("alarme", "alarm"),
    "over": Label("terminé", "over"),
    "place": Label("Lieu", "Place"),
    "legend": Label("Légende", "Legend"),
    "fill-0": Label("vide", "empty"),
    "fill-1": Label("moins de 25 %", "under 25%"),
    "fill-2": Label("moins de 50 %", "under 50%"),
    "fill-3": Label("moins de 75 %", "under 75%"),
    "fill-4": Label("75 % et plus", "75% and over"),
    "fill-5": Label("complet", "full"),
    "state-locked": Label("verrouillée", "locked"),
    "state-unlocked": Label("déverrouillée", "unlocked"),
    "state-open": Label("ouverte", "open"),
    "state-held": Label("maintenue ouverte", "held open"),
    "state-forced": Label("forcée", "forced"),
    "state-released": Label("libérée (secours)", "released"),
    "state-offline": Label("muette", "offline"),
    "fictional": Label(
        "Bâtiment de démonstration : fiction inspirée de descriptions publiques.",
        "Demonstration building: fiction, inspired by public descriptions.",
    ),
    "other-language": Label("English", "Français"),
    "sign-in": Label("Connexion", "Sign in"),
    "sign-in-lead": Label("Réservé aux opérateurs du bâtiment.", "For the building’s operators."),
    "sign-out": Label("Déconnexion", "Sign out"),
    "name": Label("Nom", "Name"),
    "password": Label("Mot de passe", "Password"),
    "new-password": Label("Nouveau mot de passe", "New password"),
    "again": Label("Encore une fois", "Once more"),
    "choose-password": Label("Choisissez votre mot de passe", "Choose your password"),
    "choose-lead": Label(
        "Le mot de passe reçu ne sert qu’une fois. {least} caractères au moins.",
        "The password you were given works once. At least {least} characters.",
    ),
    "current-password": Label("Mot de passe actuel", "Current password"),
    "change-lead": Label(
        "Vos autres sessions seront fermées. {least} caractères au moins.",
        "Your other sessions will end. At least {least} characters.",
    ),
    "keep": Label("Enregistrer", "Save"),
    "refused-sign-in": Label(
        "Ce nom et ce mot de passe ne vont pas ensemble. Après plusieurs essais, patientez un moment.",
        "That name and password do not match. After several tries, wait a moment.",
    ),
    "refused-current": Label(
        "Ce n’est pas votre mot de passe actuel. Après plusieurs essais, patientez un moment.",
        "That is not your current password. After several tries, wait a moment.",
    ),
    "refused-differ": Label("Les deux saisies diffèrent.", "The two entries differ."),
    "refused-password": Label("Ce mot de passe n’est pas accepté.", "That password is not accepted."),
    "refused-form": Label(
        "Ce formulaire a expiré : veuillez recommencer.", "This form has expired: please try again."
    ),
}
