inzage-name = Inzage
inzage-start = Mijn gegevens
