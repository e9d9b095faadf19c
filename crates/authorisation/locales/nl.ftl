authorisation-name = Toestemming geven

## De vraag
authorisation-consent = Geeft u toestemming?
authorisation-question = Mag { $holder } gegevens geven aan { $recipient }?
authorisation-you = U bent ingelogd als { $name }.
authorisation-about = Over wie gaan de gegevens?
authorisation-about-you = Over u.
authorisation-about-unnamed = De persoon die u vertegenwoordigt
authorisation-kind-onbehalfof = U doet dit met een machtiging van deze persoon.
authorisation-kind-onbehalfofchild = U doet dit omdat u het ouderlijk gezag heeft.
authorisation-holder = Wie geeft de gegevens?
authorisation-recipient = Wie krijgt de gegevens?
authorisation-recipient-text = Dit is de persoonlijke omgeving waar u vandaan komt.
authorisation-data = Welke gegevens?
authorisation-purpose = Waarvoor?
authorisation-once = Uw toestemming geldt een kwartier. Zo lang kunnen deze gegevens worden opgehaald. Daarna niet meer.
authorisation-minutes = { $minutes ->
    [one] U heeft nog 1 minuut om te kiezen.
   *[other] U heeft nog { $minutes } minuten om te kiezen.
 }
authorisation-give = Ja, ik geef toestemming
authorisation-refuse = Nee, ik geef geen toestemming

## Waarom er niets te vragen is
authorisation-ended = U kunt deze gegevens nu niet ophalen
authorisation-why-assurance-too-low = U bent niet veilig genoeg ingelogd. Log opnieuw in op een veiligere manier.
authorisation-why-authentication-failed = U bent gestopt met inloggen, of het inloggen is niet gelukt.
authorisation-why-birth-date-mismatch = De geboortedatum klopt niet. In uw dossier staat een andere geboortedatum dan hier. Misschien koos u een andere persoon, of is de datum verkeerd ingevuld. Controleer de geboortedatum van het dossier.
authorisation-why-birth-date-unknown = We kunnen de geboortedatum niet vergelijken. Hier of in uw dossier is niet meer dan het jaar bekend. Neem contact op met de organisatie die de gegevens heeft.
authorisation-why-mandate-refused = Uw machtiging geldt hier niet. Misschien is ze ingetrokken of verlopen, of gaat ze niet over deze gegevens.
authorisation-why-representation-age = Deze machtiging past niet bij de leeftijd van de persoon. Vanaf 12 jaar beslist een kind mee. Vanaf 16 jaar beslist iemand zelf.
authorisation-why-representation-missing = U zei dat u dit voor iemand anders doet. Maar bij het inloggen koos u uzelf. Begin opnieuw en kies de persoon.
authorisation-why-representation-unasked = U zei dat u dit voor uzelf doet. Maar bij het inloggen koos u iemand anders. Begin opnieuw.
authorisation-why-statement-refused = We konden niet zeker weten wie u bent. Begin opnieuw.
authorisation-why-unavailable = Er is nu een storing. Probeer het later opnieuw.
authorisation-nothing-given = Er zijn geen gegevens gedeeld.
authorisation-back = Terug naar uw persoonlijke omgeving
