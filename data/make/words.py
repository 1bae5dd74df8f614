"""The demo's vocabulary: places, trades, goods, competitors, and what people write in a CRM."""

from __future__ import annotations

CITIES: dict[str, tuple[tuple[str, str], ...]] = {
    "33M": (
        ("33000", "Bordeaux"),
        ("33100", "Bordeaux"),
        ("33300", "Bordeaux"),
        ("33700", "Mérignac"),
        ("33600", "Pessac"),
        ("33400", "Talence"),
        ("33140", "Villenave-d'Ornon"),
        ("33130", "Bègles"),
        ("33150", "Cenon"),
        ("33310", "Lormont"),
        ("33270", "Floirac"),
        ("33320", "Eysines"),
        ("33290", "Blanquefort"),
        ("33170", "Gradignan"),
        ("33110", "Le Bouscat"),
    ),
    "33": (
        ("33500", "Libourne"),
        ("33260", "La Teste-de-Buch"),
        ("33120", "Arcachon"),
        ("33470", "Gujan-Mestras"),
        ("33210", "Langon"),
        ("33240", "Saint-André-de-Cubzac"),
        ("33390", "Blaye"),
        ("33430", "Bazas"),
        ("33340", "Lesparre-Médoc"),
        ("33380", "Biganos"),
        ("33610", "Cestas"),
        ("33680", "Lacanau"),
        ("33190", "La Réole"),
        ("33220", "Sainte-Foy-la-Grande"),
    ),
    "40": (
        ("40000", "Mont-de-Marsan"),
        ("40100", "Dax"),
        ("40600", "Biscarrosse"),
        ("40990", "Saint-Paul-lès-Dax"),
        ("40220", "Tarnos"),
        ("40130", "Capbreton"),
        ("40150", "Hossegor"),
        ("40160", "Parentis-en-Born"),
        ("40800", "Aire-sur-l'Adour"),
        ("40500", "Saint-Sever"),
    ),
    "64": (
        ("64000", "Pau"),
        ("64100", "Bayonne"),
        ("64600", "Anglet"),
        ("64200", "Biarritz"),
        ("64700", "Hendaye"),
        ("64140", "Billère"),
        ("64140", "Lons"),
        ("64500", "Saint-Jean-de-Luz"),
        ("64300", "Orthez"),
        ("64400", "Oloron-Sainte-Marie"),
        ("64150", "Mourenx"),
        ("64240", "Hasparren"),
        ("64120", "Saint-Palais"),
    ),
    "47": (
        ("47000", "Agen"),
        ("47300", "Villeneuve-sur-Lot"),
        ("47200", "Marmande"),
        ("47400", "Tonneins"),
        ("47600", "Nérac"),
        ("47520", "Le Passage"),
        ("47500", "Fumel"),
    ),
    "24": (
        ("24000", "Périgueux"),
        ("24100", "Bergerac"),
        ("24200", "Sarlat-la-Canéda"),
        ("24750", "Boulazac"),
        ("24120", "Terrasson-Lavilledieu"),
        ("24400", "Mussidan"),
        ("24300", "Nontron"),
    ),
}
AREAS = {"33M": 0.28, "33": 0.22, "40": 0.13, "64": 0.20, "47": 0.09, "24": 0.08}

STREETS = (
    "rue de l'Industrie",
    "avenue de l'Artisanat",
    "route de Bordeaux",
    "chemin de la Tuilerie",
    "rue des Charpentiers",
    "avenue de la Gare",
    "impasse des Platanes",
    "rue du Moulin",
    "zone artisanale Bel-Air",
    "allée des Pins",
)

BAD_SEGMENT = "Rénovation énergétique"
SEGMENTS: dict[str, tuple[float, tuple[str, ...], tuple[str, ...]]] = {
    "Gros œuvre": (
        0.22,
        ("Maçonnerie générale", "Béton armé", "Terrassement de bâtiment"),
        ("Maçonnerie", "Bâtiment", "Constructions"),
    ),
    "Couverture": (
        0.14,
        ("Couverture", "Charpente", "Étanchéité"),
        ("Couverture", "Charpentes", "Toitures"),
    ),
    "Plâtrerie et isolation": (
        0.15,
        ("Plâtrerie", "Isolation", "Cloisons sèches"),
        ("Plâtrerie", "Isolation", "Cloisons"),
    ),
    BAD_SEGMENT: (
        0.15,
        ("Rénovation globale", "Isolation par l'extérieur", "Bois et éco-matériaux"),
        ("Rénovation", "Éco-Habitat", "Réno-Énergie"),
    ),
    "Maison individuelle": (
        0.11,
        ("Constructeur de maisons", "Promotion"),
        ("Maisons", "Habitat", "Pavillons"),
    ),
    "Travaux publics": (
        0.10,
        ("Voirie et réseaux", "Terrassement", "Assainissement"),
        ("Travaux Publics", "TP", "Terrassement"),
    ),
    "Aménagement extérieur": (
        0.13,
        ("Paysage", "Piscines", "Clôtures et terrasses"),
        ("Paysages", "Piscines", "Extérieurs"),
    ),
}

PRODUCTS: dict[str, tuple[tuple[str, float], ...]] = {
    "Gros œuvre": (
        ("Parpaing creux 20x20x50, palette", 98.4),
        ("Ciment CEM II 35 kg, palette", 412.0),
        ("Brique de mur 20x27, palette", 164.5),
        ("Treillis soudé ST25C", 39.9),
        ("Béton prêt à l'emploi, m3", 128.0),
    ),
    "Couverture": (
        ("Tuile canal, palette", 486.0),
        ("Liteau sapin traité, botte", 31.2),
        ("Écran sous toiture, rouleau", 112.0),
        ("Chevron 63x75, m3", 438.0),
    ),
    "Isolation": (
        ("Laine de verre 200 mm, palette", 355.0),
        ("Fibre de bois 145 mm, palette", 642.0),
        ("Panneau PSE 100 mm, m2", 11.8),
    ),
    "Cloisons": (
        ("Plaque BA13, palette", 296.0),
        ("Rail et montant M48, fardeau", 74.5),
        ("Enduit à joint 25 kg, palette", 688.0),
    ),
    "Menuiserie": (
        ("Fenêtre PVC 2 vantaux", 318.0),
        ("Porte d'entrée acier", 742.0),
        ("Fenêtre de toit 78x98", 389.0),
    ),
    "Travaux publics": (
        ("Tube PVC assainissement 200, barre", 27.4),
        ("Bordure T2, palette", 143.0),
        ("Géotextile, rouleau", 189.0),
        ("Regard béton 50x50", 46.3),
    ),
    "Aménagement extérieur": (
        ("Dalle pierre reconstituée, m2", 34.9),
        ("Lame de terrasse composite, m2", 58.0),
        ("Pavé drainant, m2", 29.5),
    ),
}
FAMILY_OF_SEGMENT = {
    "Gros œuvre": ("Gros œuvre", "Travaux publics"),
    "Couverture": ("Couverture", "Isolation"),
    "Plâtrerie et isolation": ("Cloisons", "Isolation"),
    BAD_SEGMENT: ("Isolation", "Menuiserie"),
    "Maison individuelle": ("Gros œuvre", "Menuiserie", "Couverture"),
    "Travaux publics": ("Travaux publics", "Gros œuvre"),
    "Aménagement extérieur": ("Aménagement extérieur", "Travaux publics"),
}
TRANSPORT = "Transport"
SERVICE = "Services"
DELIVERY_LINE = "Livraison par camion-grue"
SERVICES = ("Découpe sur mesure", "Calepinage et métré", "Location de banches, semaine")

SITES = (
    "résidence Les Pins",
    "lotissement du Bourg",
    "extension d'école",
    "maison de santé",
    "hangar agricole",
    "immeuble rue Sainte-Catherine",
    "gymnase municipal",
    "pavillons Bel-Air",
    "réhabilitation de grange",
    "logements sociaux",
    "EHPAD Les Tilleuls",
    "boutique du centre",
    "maison neuve",
    "atelier communal",
    "surélévation",
    "piscine et abords",
    "chai viticole",
    "tranche 2",
)

COMPETITORS = (
    "Matériaux du Sud-Ouest",
    "Négoce Garonne",
    "BatiPlus Adour",
    "Comptoir Landais",
    "Plateforme Gironde Pro",
)

JOBS: dict[str, tuple[str, ...]] = {
    "decider": ("Gérant", "Directeur général", "Présidente", "Dirigeant"),
    "influencer": ("Conducteur de travaux", "Métreuse", "Chef de chantier"),
    "user": ("Chef d'équipe", "Compagnon", "Magasinier"),
    "buyer": ("Acheteuse", "Responsable achats", "Approvisionneur"),
    "gatekeeper": ("Assistante de direction", "Secrétaire"),
    "none": ("Comptable", "Apprenti"),
}

SUBJECTS: dict[str, tuple[str, ...]] = {
    "call": ("Prise de contact", "Relance devis", "Point chantier", "Suivi de livraison"),
    "visit": ("Visite de chantier", "Visite de courtoisie", "Présentation des gammes"),
    "meeting": ("Rendez-vous d'analyse", "Négociation tarifaire", "Revue de compte"),
    "email": ("Envoi de documentation", "Envoi du devis", "Confirmation", "Tarifs du trimestre"),
    "sms": ("Rappel de rendez-vous", "Livraison prévue demain"),
    "mailing": ("Catalogue", "Invitation au salon"),
    "chat": ("Question de disponibilité", "Demande de prix"),
    "form": ("Demande de rappel", "Demande de devis en ligne"),
    "demo": ("Démonstration produit", "Essai sur chantier"),
}
PROSPECTING_SUBJECTS = {
    "call": ("Appel de prospection", "Identification du décideur", "Appel sans réponse"),
    "visit": ("Passage sur zone", "Visite de prospection"),
    "meeting": ("Premier rendez-vous",),
    "email": ("Envoi de présentation", "Relance de prospection"),
    "mailing": ("Courrier de prospection", "Invitation au salon"),
    "form": ("Demande de rappel",),
}

NEXT_STEPS = (
    "Rappeler le gérant",
    "Envoyer le devis",
    "Visiter le chantier",
    "Fixer un rendez-vous",
    "Présenter la gamme isolation",
    "Relancer le devis",
    "Obtenir le nom du décideur",
    "Négocier le contrat-cadre",
)
