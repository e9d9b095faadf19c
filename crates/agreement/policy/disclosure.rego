# Which of the pointers that were found may the asker hear of? None, unless every line holds for it.
#
# input: disclosure-input.schema.json; data.agreement: agreement.schema.json. The chain's own rules stand in the package
# ketenwijzer.addition and can only withhold.
package ketenwijzer.decision

# Their places in input.pointers.
disclosed contains place if {
	requester_active
	some place, pointer in input.pointers
	pointer.category in visible
	pointer.consent in admitting[data.agreement.categories[pointer.category].consent]
	data.agreement.partners[pointer.holder].suspended == false
	not pointer in withheld
}

# What the role may see for the purpose and, for a representative, the mandate covers.
visible := permitted if not input.representation

visible := permitted & mandated if {
	input.representation
	purpose.representation == true
}

# Which choices of the person admit disclosure, by the category's regime.
admitting := {
	"opt-in": ["given"],
	"opt-out": ["given", "silent"],
	"statutory": ["given", "refused", "silent"],
}

# What the chain's own rules withhold.
withheld contains pointer if some pointer in data.ketenwijzer.addition.withhold
