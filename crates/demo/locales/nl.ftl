demo-name = Inloggen voor oefenpersonen

## Inloggen
demo-sign-in = Inloggen
demo-asks = { $client } wil weten wie u bent. Log in om verder te gaan.
demo-asks-for-another = U regelt dit voor iemand anders. Log eerst in als uzelf. Daarna kiest u voor wie.
demo-username = Naam
demo-secret = Geheim
demo-cancel = Stoppen en teruggaan
demo-people = Wie kan hier inloggen?
demo-people-text = Deze mensen zijn verzonnen. U mag als elk van hen inloggen.
demo-wrong = De naam of het geheim klopt niet. Probeer het opnieuw.

## Voor wie
demo-choose = Voor wie doet u dit?
demo-choose-text = U bent ingelogd als { $name }. { $client } vraagt voor wie u dit doet.
demo-choose-whom = Voor wie?
demo-choose-self = Voor mijzelf: { $name }
demo-choose-nobody = U heeft nu geen machtiging om dit voor iemand anders te doen.
demo-choose-one = Kies voor wie u dit doet.
demo-choose-gone = Deze machtiging geldt niet meer. Kies iemand anders, of stop.
demo-go-on = Verder
demo-kind-administration = u bent bewindvoerder
demo-kind-guardianship = u bent curator
demo-kind-mentorship = u bent mentor
demo-kind-parental-authority = u heeft het ouderlijk gezag
demo-kind-voluntary = u heeft een machtiging gekregen

## Het is voorbij
demo-ended = Inloggen is gestopt
demo-ended-text = De naam of het geheim was vijf keer fout. Ga terug en begin opnieuw.
demo-back = Terug naar { $client }

staff-name = Inloggen als medewerker
staff-for = U logt in bij { $organisation }.
staff-made-up = Dit is een voorbeeld. De medewerkers zijn verzonnen. Daarom staat hun geheim op deze pagina.
staff-who = Wie bent u?
staff-is = { $role }. Geheim: { $secret }
staff-secret = Geheim
staff-secret-help = Neem het geheim over dat achter de naam staat.
staff-sign-in = Inloggen
staff-choose = Kies wie u bent.
staff-wrong = Dit geheim klopt niet. Kijk achter de naam en probeer het opnieuw.
