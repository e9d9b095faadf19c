desk-name = Werkplek
desk-start = Zoeken
