# May this person ask this, for this purpose? No, unless every line of `allow` holds.
#
# input: decision-input.schema.json; data.agreement: agreement.schema.json. The chain's own rules stand in the package
# ketenwijzer.addition and can only deny. What depends on the input of a question about disclosure as well is used there.
package ketenwijzer.decision

default allow := false

allow if {
	requester_active
	supplier_admitted
	role_admitted
	within_purpose
	relation_admitted
	actor_admitted
	representation_admitted
	count(categories) > 0
	not denied_by_chain
}

answer := {"categories": categories} if allow

answer := {"denial": denial} if not allow

requester := data.agreement.partners[input.requester]

purpose := data.agreement.purposes[input.purpose]

requester_active if requester.suspended == false

# The party itself asks, or a supplier that it may let ask.
supplier_admitted if not input.supplier

supplier_admitted if "query" in requester.delegations[input.supplier]

# The role may ask for this purpose, and exists at this kind of partner.
role_admitted if {
	purpose.roles[input.role]
	requester.kind in data.agreement.roles[input.role].kinds
}

permitted contains category if some category in purpose.roles[input.role]

asked contains category if some category in input.categories

within_purpose if count(asked - permitted) == 0

relation_admitted if input.relation in purpose.relation_bases

actor_admitted if purpose.actor_must_be_proven == false

actor_admitted if input.assurance == "proven"

representation_admitted if not input.representation

representation_admitted if purpose.representation == true

# Asking for nothing in particular asks for everything that is permitted.
wanted := asked if count(asked) > 0

wanted := permitted if count(asked) == 0

categories := wanted if not input.representation

categories := wanted & mandated if input.representation

# What the mandate covers, within what the agreement lets mandates of its kind cover now.
mandated contains category if {
	input.representation.act in {"feedback", "view"}
	kind := data.agreement.mandates[input.representation.kind]
	input.representation.act in kind.acts
	some category in input.representation.categories
	category in kind.categories
}

denied_by_chain if some _ in data.ketenwijzer.addition.deny

# The first thing that is wrong.
denial := "requester-unknown" if {
	not requester
} else := "requester-suspended" if {
	not requester_active
} else := "supplier-not-allowed" if {
	not supplier_admitted
} else := "unknown-purpose" if {
	not purpose
} else := "role-not-allowed" if {
	not role_admitted
} else := "category-outside-purpose" if {
	not within_purpose
} else := "relation-basis-not-allowed" if {
	not relation_admitted
} else := "actor-must-be-proven" if {
	not actor_admitted
} else := "representation-not-admitted" if {
	not representation_admitted
} else := "outside-mandate" if {
	count(categories) == 0
} else := "chain-rule"
