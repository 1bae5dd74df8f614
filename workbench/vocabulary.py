"""The words of the field, as enums: what a column may hold, and its name on screen in French.

English names come from the locale; synonyms that a source uses are mapped by its preset.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A value with a French name; `Status.CLIENT.label == "Client"`."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """Make the member; the label rides along."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Status(Word):
    """Of an account: where it stands between targeted and invoiced."""

    SUSPECT = "suspect", "Suspect"
    PROSPECT = "prospect", "Prospect"
    CLIENT = "client", "Client"
    LOST = "lost", "Perdu"


class StageKind(Word):
    """What a stage means for a deal."""

    OPEN = "open", "En cours"
    WON = "won", "Gagnée"
    LOST = "lost", "Perdue"


class DecisionRole(Word):
    """Of a contact, in the purchase."""

    DECIDER = "decider", "Décideur"
    INFLUENCER = "influencer", "Prescripteur"
    USER = "user", "Utilisateur"
    BUYER = "buyer", "Acheteur"
    GATEKEEPER = "gatekeeper", "Filtre"
    NONE = "none", "Aucun"


class Channel(Word):
    """By which a contact may be written to or called."""

    EMAIL = "email", "E-mail"
    PHONE = "phone", "Téléphone"
    POST = "post", "Courrier postal"
    SMS = "sms", "SMS"


class ConsentState(Word):
    """Of a contact, on a channel."""

    GIVEN = "given", "Accordé"
    WITHDRAWN = "withdrawn", "Retiré"


class LookKind(Word):
    """What somebody did with a sheet."""

    VIEW = "view", "Consultation"
    EXPORT = "export", "Export"


class RepKind(Word):
    """How a rep sells; managers and directors lead."""

    FIELD = "field", "Itinérant"
    INSIDE = "inside", "Sédentaire"
    KEY_ACCOUNT = "key_account", "Grands comptes"
    PARTNER = "partner", "Partenaire"
    MANAGER = "manager", "Responsable"
    DIRECTOR = "director", "Directeur"


class DocumentKind(Word):
    """Of a sales document."""

    QUOTE = "quote", "Devis"
    ORDER = "order", "Commande"
    DELIVERY = "delivery", "Livraison"
    INVOICE = "invoice", "Facture"
    CREDIT_NOTE = "credit_note", "Avoir"


class QuoteState(Word):
    """Of a quote; other documents have none."""

    DRAFT = "draft", "Brouillon"
    SENT = "sent", "Envoyé"
    ACCEPTED = "accepted", "Accepté"
    REFUSED = "refused", "Refusé"
    EXPIRED = "expired", "Expiré"


class ActivityKind(Word):
    """What a rep did."""

    CALL = "call", "Appel"
    VISIT = "visit", "Visite"
    MEETING = "meeting", "Rendez-vous"
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    MAILING = "mailing", "Courrier"
    CHAT = "chat", "Discussion en ligne"
    FORM = "form", "Formulaire"
    DEMO = "demo", "Démonstration"


class ContractKind(Word):
    """Whose contract it is."""

    OURS = "ours", "Nous"
    COMPETITOR = "competitor", "Concurrent"


class Need(Word):
    """Qualification: how far the need is known."""

    NONE = "none", "Aucun"
    LATENT = "latent", "Latent"
    EXPRESSED = "expressed", "Exprimé"
    SPECIFIED = "specified", "Cahier des charges"


class Timeline(Word):
    """Qualification: when they would buy."""

    NOW = "now", "Moins de 3 mois"
    SOON = "soon", "3 à 6 mois"
    LATER = "later", "6 à 12 mois"
    UNKNOWN = "unknown", "Inconnue"


class LossReason(Word):
    """Why a deal was lost."""

    PRICE = "price", "Prix"
    DELAY = "delay", "Délai"
    PRODUCT = "product", "Produit inadapté"
    COMPETITOR = "competitor", "Concurrent en place"
    NO_DECISION = "no_decision", "Pas de décision"
    CANCELLED = "cancelled", "Projet abandonné"


class Role(Word):
    """Of a user: what they may see and write."""

    REP = "rep", "Commercial"
    PARTNER = "partner", "Partenaire"
    MANAGER = "manager", "Responsable"
    DIRECTOR = "director", "Directeur"
    ANALYST = "analyst", "Analyste"
    EXECUTIVE = "executive", "Dirigeant"
    ADMIN = "admin", "Administrateur"


class Access(Word):
    """What happened about who comes in."""

    SIGNED_IN = "signed_in", "Connexion"
    REFUSED = "refused", "Connexion refusée"
    LOCKED = "locked", "Refusée, verrouillée"
    UNLOCKED = "unlocked", "Verrou levé"
    SIGNED_OUT = "signed_out", "Déconnexion"
    ENDED = "ended", "Session terminée"
    FORBIDDEN = "forbidden", "Accès refusé"
    USER_ADDED = "user_added", "Utilisateur ajouté"
    USER_CHANGED = "user_changed", "Utilisateur modifié"
    PASSWORD = "password", "Mot de passe changé"
    GROUP = "group", "Groupe de comptes"


class Right(Word):
    """Of a user, beside their role: what is seen by those named for it alone."""

    BANK_DETAILS = "bank_details", "Coordonnées bancaires"
    CONFIDENTIAL = "confidential", "Notes confidentielles"


class Surface(Word):
    """Where a change came from."""

    DASHBOARD = "dashboard", "Tableau de bord"
    NOTEBOOK = "notebook", "Notebook"
    EXCEL = "excel", "Excel"
    CLI = "cli", "Ligne de commande"
    LOAD = "load", "Chargement"
    RULE = "rule", "Règle"


FIELDS = {
    "name": "Nom",
    "status": "Statut",
    "segment": "Segment",
    "sector": "Secteur",
    "owner_id": "Commercial",
    "parent_id": "Maison mère",
    "customer_code": "Code client",
    "street": "Rue",
    "postcode": "Code postal",
    "city": "Ville",
    "country": "Pays",
    "phone": "Téléphone",
    "website": "Site web",
    "email": "E-mail",
    "employees": "Effectif",
    "need": "Besoin",
    "budget": "Budget",
    "timeline": "Délai du besoin",
    "supplier": "Fournisseur actuel",
    "decider_known": "Décideur connu",
    "next_step": "Prochaine étape",
    "next_step_on": "Prochaine étape le",
    "qualified_on": "Qualifié le",
    "notes": "Notes",
    "iban": "IBAN",
    "confidential_note": "Note confidentielle",
    "stage_id": "Étape",
    "amount": "Montant",
    "close_date": "Date de signature",
    "probability": "Probabilité",
    "loss_reason": "Motif de perte",
    "competitor": "Concurrent",
    "duration_months": "Durée (mois)",
    "first_name": "Prénom",
    "last_name": "Nom de famille",
    "job": "Fonction",
    "decision_role": "Rôle dans la décision",
    "account_id": "Compte",
    "anonymised_on": "Anonymisé le",
    "channel": "Canal",
    "state": "État",
    "date": "Date",
    "proof": "Preuve",
    "noted_by": "Noté par",
    "manager_id": "Responsable",
}
"""French names of the fields that people edit or read in a history."""


def field_name(field: str) -> str:
    """The field's French name; its own where it has none."""
    return FIELDS.get(field, field)
