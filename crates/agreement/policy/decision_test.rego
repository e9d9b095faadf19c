# Run by `cargo test -p kw-agreement`, and by `opa test crates/agreement/policy` unchanged.
package ketenwijzer.decision_test

chain := {
	"categories": {
		"attendance": {"consent": "statutory"},
		"care": {"consent": "opt-in"},
		"health": {"consent": "opt-out"},
	},
	"mandates": {"voluntary": {"acts": ["view"], "categories": ["care", "health"]}},
	"partners": {
		"1": {"delegations": {"9": ["query"], "8": ["register"]}, "kind": "school", "suspended": false},
		"2": {"delegations": {}, "kind": "school", "suspended": true},
		"3": {"delegations": {}, "kind": "clinic", "suspended": false},
	},
	"purposes": {
		"help": {
			"actor_must_be_proven": false,
			"relation_bases": ["listed", "motivated"],
			"representation": true,
			"roles": {"coordinator": ["attendance", "care"]},
		},
		"treat": {
			"actor_must_be_proven": true,
			"relation_bases": ["listed"],
			"representation": false,
			"roles": {"doctor": ["health"]},
		},
	},
	"roles": {"coordinator": {"kinds": ["school"]}, "doctor": {"kinds": ["clinic"]}},
}

question := {
	"assurance": "asserted",
	"categories": [],
	"purpose": "help",
	"relation": "listed",
	"requester": "1",
	"role": "coordinator",
}

but(changes) := object.union(question, changes)

mandate := {"act": "view", "categories": ["care"], "kind": "voluntary"}

test_a_role_sees_what_its_purpose_permits if {
	data.ketenwijzer.decision.answer == {"categories": {"attendance", "care"}} with input as question with data.agreement as chain
}

test_what_is_asked_is_what_is_searched if {
	data.ketenwijzer.decision.answer == {"categories": {"care"}} with input as but({"categories": ["care"]}) with data.agreement as chain
}

test_one_category_too_many_denies_all if {
	data.ketenwijzer.decision.answer == {"denial": "category-outside-purpose"} with input as but({"categories": ["care", "health"]})
		with data.agreement as chain
}

test_nobody_is_allowed_by_an_empty_agreement if {
	data.ketenwijzer.decision.answer == {"denial": "requester-unknown"} with input as question with data.agreement as {}
}

test_an_empty_input_is_denied if {
	data.ketenwijzer.decision.answer == {"denial": "requester-unknown"} with input as {} with data.agreement as chain
}

test_a_stranger_is_denied if {
	data.ketenwijzer.decision.answer == {"denial": "requester-unknown"} with input as but({"requester": "7"}) with data.agreement as chain
}

test_a_suspended_partner_is_denied if {
	data.ketenwijzer.decision.answer == {"denial": "requester-suspended"} with input as but({"requester": "2"}) with data.agreement as chain
}

test_a_supplier_asks_where_it_may if {
	data.ketenwijzer.decision.allow with input as but({"supplier": "9"}) with data.agreement as chain
}

test_a_supplier_that_may_only_register_does_not_ask if {
	data.ketenwijzer.decision.answer == {"denial": "supplier-not-allowed"} with input as but({"supplier": "8"}) with data.agreement as chain
}

test_an_unknown_supplier_does_not_ask if {
	data.ketenwijzer.decision.answer == {"denial": "supplier-not-allowed"} with input as but({"supplier": "7"}) with data.agreement as chain
}

test_an_unknown_purpose_is_denied if {
	data.ketenwijzer.decision.answer == {"denial": "unknown-purpose"} with input as but({"purpose": "hunt"}) with data.agreement as chain
}

test_a_role_of_another_kind_of_partner_is_denied if {
	data.ketenwijzer.decision.answer == {"denial": "role-not-allowed"} with input as but({"requester": "3"}) with data.agreement as chain
}

test_a_role_without_the_purpose_is_denied if {
	data.ketenwijzer.decision.answer == {"denial": "role-not-allowed"} with input as but({"role": "doctor"}) with data.agreement as chain
}

test_a_ground_that_is_not_admitted_is_denied if {
	data.ketenwijzer.decision.answer == {"denial": "relation-basis-not-allowed"} with input as but({"relation": "emergency"})
		with data.agreement as chain
}

test_an_asserted_actor_is_denied_where_proof_is_demanded if {
	doctor := but({"purpose": "treat", "requester": "3", "role": "doctor"})
	data.ketenwijzer.decision.answer == {"denial": "actor-must-be-proven"} with input as doctor with data.agreement as chain
}

test_a_proven_actor_is_allowed if {
	doctor := but({"assurance": "proven", "purpose": "treat", "requester": "3", "role": "doctor"})
	data.ketenwijzer.decision.answer == {"categories": {"health"}} with input as doctor with data.agreement as chain
}

test_a_representative_sees_what_the_mandate_covers if {
	data.ketenwijzer.decision.answer == {"categories": {"care"}} with input as but({"representation": mandate})
		with data.agreement as chain
}

test_a_mandate_widens_nothing if {
	wide := object.union(mandate, {"categories": ["care", "health"]})
	data.ketenwijzer.decision.answer == {"categories": {"care"}} with input as but({"representation": wide}) with data.agreement as chain
}

test_a_mandate_for_another_act_shows_nothing if {
	other := object.union(mandate, {"act": "object"})
	data.ketenwijzer.decision.answer == {"denial": "outside-mandate"} with input as but({"representation": other})
		with data.agreement as chain
}

test_a_mandate_to_report_is_one_where_its_kind_has_it if {
	other := object.union(mandate, {"act": "feedback"})
	data.ketenwijzer.decision.answer == {"denial": "outside-mandate"} with input as but({"representation": other})
		with data.agreement as chain
	reporting := object.union(chain, {"mandates": {"voluntary": {"acts": ["feedback"], "categories": ["care"]}}})
	data.ketenwijzer.decision.answer == {"categories": {"care"}} with input as but({"representation": other})
		with data.agreement as reporting
}

test_a_mandate_of_a_kind_that_the_chain_dropped_shows_nothing if {
	other := object.union(mandate, {"kind": "mentorship"})
	data.ketenwijzer.decision.answer == {"denial": "outside-mandate"} with input as but({"representation": other})
		with data.agreement as chain
}

test_nobody_represents_where_the_purpose_does_not_say_so if {
	doctor := {"assurance": "proven", "purpose": "treat", "representation": mandate, "requester": "3", "role": "doctor"}
	data.ketenwijzer.decision.answer == {"denial": "representation-not-admitted"} with input as but(doctor) with data.agreement as chain
}

test_the_chain_denies if {
	data.ketenwijzer.decision.answer == {"denial": "chain-rule"} with input as question with data.agreement as chain
		with data.ketenwijzer.addition.deny as {"never"}
}

test_a_chain_that_denies_nothing_changes_nothing if {
	data.ketenwijzer.decision.allow with input as question with data.agreement as chain with data.ketenwijzer.addition.deny as set()
}
