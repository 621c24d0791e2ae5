"""What every problem is called, in French and English: the last part of its `type`, and its title in both."""

from http import HTTPStatus

from access.languages import Language
from policies.building import Label

TITLES = {
    "bad-request": Label("Requête mal formée", "Malformed request"),
    "body-too-slow": Label("Contenu trop lent à venir", "Content too slow to come"),
    "command-refused": Label("La porte refuse", "The door refuses"),
    "conflict": Label("L’état actuel ne le permet pas", "The present state does not allow it"),
    "content-too-large": Label("Contenu trop grand", "Content too large"),
    "door-silent": Label("La porte ne répond pas", "The door does not answer"),
    "fault": Label("Défaillance du serveur", "The server failed"),
    "invalid": Label("Saisie invalide", "Invalid input"),
    "method-not-allowed": Label("Méthode non admise", "Method not allowed"),
    "not-allowed": Label("Droit manquant", "Missing right"),
    "not-found": Label("Introuvable", "Not found"),
    "not-signed-in": Label("Connexion requise", "Sign-in required"),
    "outdated": Label("Modifié entre-temps", "Changed meanwhile"),
    "overloaded": Label("Serveur surchargé", "Server overloaded"),
    "precondition-required": Label("Version à indiquer", "Version required"),
    "service-unavailable": Label("Service indisponible", "Service unavailable"),
    "standing-by": Label("Un autre serveur répond", "Another one answers"),
    "store-unavailable": Label("La base de données ne répond pas", "The database does not answer"),
    "too-late": Label("Trop tard", "Too late"),
}


def title(name: str, status: int, language: Language) -> str:
    """Return the title of a problem; that of its status where the problem has none of its own."""
    label = TITLES.get(name)
    if label is None:
        return HTTPStatus(status).phrase
    return label.fr if language is Language.FR else label.en
