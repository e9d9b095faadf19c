console-name = Beheer en toezicht
console-start = Overzicht
