"""Names for people who do not exist: French first names, and surnames that nobody bears.

Every surname is made of doors, keys and stairs, so that no reader takes a resident for a real person.
"""

_FIRST = """
Adèle Agathe Aïcha Alban Alix Amir Anaïs Antoine Arthur Aurore Baptiste Basile Bilal Camille Capucine Céleste Chloé
Clément Colette Damien Diane Élias Élise Émile Esther Étienne Fanny Farid Félix Gaëlle Gaspard Hélène Hugo Ines Iris
Jade Jonas Joséphine Jules Karim Léa Léon Lina Louis Lucie Maël Manon Margot Marius Mathilde Maxime Mehdi Mina Nadia
Nina Noé Odile Oscar Paul Pauline Rémi Romane Rose Sacha Salomé Samir Simon Solène Théo Thelma Ulysse Valentine
Victor Violette Yanis Yasmine Zélie Zoé
"""

_LAST = """
Arcdoux Battantclair Beaupalier Belleclenche Bonverrou Boisporte Cadenette Chambranle-Roux Charnel-Vif Clairseuil
Clefdor Clochevent Courtepoigne Demi-Tour Doublepêne Ducouloir Dujudas Dutrousseau Escalier-Noir Ferme-Doucet
Fontclenche Gâchefort Grand-Palier Grinceporte Guichetier-Bleu Hautseuil Huisbleu Jolinterphone Lagrille Laloquette
Lapoterne Leportillon Leverrou-Petit Longcorridor Maindouce Montclef Ouvretôt Passedoux Passeporte Pênedor
Perronet-Vert Portebasse Poussefort Quatreportes Rondebosse Serrefin Sonnetard Sousclef Tapebadge Tourniquet-Blanc
Trousseclef Troisclefs Vantail-Gris Videcage Vieuxloquet
"""

FIRST = tuple(_FIRST.split())
LAST = tuple(_LAST.split())
