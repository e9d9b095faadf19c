demo-name = Sign-in for made-up people

## Signing in
demo-sign-in = Sign in
demo-asks = { $client } wants to know who you are. Sign in to go on.
demo-asks-for-another = You are doing this for somebody else. First sign in as yourself. Then you choose for whom.
demo-username = Name
demo-secret = Secret
demo-cancel = Stop and go back
demo-people = Who can sign in here?
demo-people-text = These people are made up. You may sign in as any of them.
demo-wrong = The name or the secret is wrong. Try again.

## For whom
demo-choose = For whom are you doing this?
demo-choose-text = You are signed in as { $name }. { $client } asks for whom you are doing this.
demo-choose-whom = For whom?
demo-choose-self = For myself: { $name }
demo-choose-nobody = You have no mandate now to do this for somebody else.
demo-choose-one = Choose for whom you are doing this.
demo-choose-gone = This mandate does not count any more. Choose somebody else, or stop.
demo-go-on = Go on
demo-kind-administration = you administer their property
demo-kind-guardianship = you are their guardian
demo-kind-mentorship = you are their mentor
demo-kind-parental-authority = you have parental authority
demo-kind-voluntary = you were given a mandate

## It is over
demo-ended = Signing in has stopped
demo-ended-text = The name or the secret was wrong five times. Go back and begin again.
demo-back = Back to { $client }

staff-name = Sign in as a member of staff
staff-for = You sign in at { $organisation }.
staff-made-up = This is an example. The members of staff are made up. That is why their secret stands on this page.
staff-who = Who are you?
staff-is = { $role }. Secret: { $secret }
staff-secret = Secret
staff-secret-help = Copy the secret that stands behind the name.
staff-sign-in = Sign in
staff-choose = Choose who you are.
staff-wrong = This secret is not right. Look behind the name and try again.
