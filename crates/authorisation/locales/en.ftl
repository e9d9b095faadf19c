authorisation-name = Giving consent

## The question
authorisation-consent = Do you consent?
authorisation-question = May { $holder } give data to { $recipient }?
authorisation-you = You are signed in as { $name }.
authorisation-about = Whom are the data about?
authorisation-about-you = You.
authorisation-about-unnamed = The person you represent
authorisation-kind-onbehalfof = You do this under a mandate of this person.
authorisation-kind-onbehalfofchild = You do this because you have parental authority.
authorisation-holder = Who gives the data?
authorisation-recipient = Who gets the data?
authorisation-recipient-text = This is the personal environment that you came from.
authorisation-data = Which data?
authorisation-purpose = What for?
authorisation-once = Your consent is good for a quarter of an hour. So long these data can be collected, and no longer.
authorisation-minutes = { $minutes ->
    [one] You have 1 minute left to choose.
   *[other] You have { $minutes } minutes left to choose.
 }
authorisation-give = Yes, I consent
authorisation-refuse = No, I do not consent

## Why there is nothing to ask
authorisation-ended = You cannot collect these data now
authorisation-why-assurance-too-low = You are not signed in safely enough. Sign in again in a safer way.
authorisation-why-authentication-failed = You stopped signing in, or it did not work.
authorisation-why-birth-date-mismatch = The birth date differs. Your dossier has another birth date than we have here. Perhaps you chose another person, or the date was filled in wrongly. Check the birth date of the dossier.
authorisation-why-birth-date-unknown = We cannot compare the birth date. Here or in your dossier no more than the year is known. Contact the organisation that has the data.
authorisation-why-mandate-refused = Your mandate does not count here. Perhaps it was withdrawn or has ended, or it does not cover these data.
authorisation-why-representation-age = This mandate does not fit the age of the person. From 12 years on a child decides too. From 16 on people decide for themselves.
authorisation-why-representation-missing = You said that you do this for somebody else. But when you signed in you chose yourself. Begin again and choose the person.
authorisation-why-representation-unasked = You said that you do this for yourself. But when you signed in you chose somebody else. Begin again.
authorisation-why-statement-refused = We could not be sure who you are. Begin again.
authorisation-why-unavailable = Something does not work now. Try again later.
authorisation-nothing-given = No data were shared.
authorisation-back = Back to your personal environment
