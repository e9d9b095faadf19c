# Run by `cargo test -p kw-agreement`, and by `opa test crates/agreement/policy` unchanged.
package ketenwijzer.disclosure_test

# Everything that the role may see is seen, so that only consent decides.
open_chain := object.union(
	data.ketenwijzer.decision_test.chain,
	{"purposes": {"help": {"roles": {"coordinator": ["attendance", "care", "health"]}}}},
)

pointer(category, consent) := {"category": category, "consent": consent, "holder": "3"}

all_choices(category) := [pointer(category, consent) | some consent in ["given", "refused", "silent"]]

question(pointers) := {"pointers": pointers, "purpose": "help", "requester": "1", "role": "coordinator"}

test_a_statutory_category_is_disclosed_whatever_the_person_said if {
	data.ketenwijzer.decision.disclosed == {0, 1, 2} with input as question(all_choices("attendance")) with data.agreement as open_chain
}

test_opting_out_withholds if {
	data.ketenwijzer.decision.disclosed == {0, 2} with input as question(all_choices("health")) with data.agreement as open_chain
}

test_only_consent_discloses_where_one_opts_in if {
	data.ketenwijzer.decision.disclosed == {0} with input as question(all_choices("care")) with data.agreement as open_chain
}

test_what_the_role_may_not_see_is_withheld if {
	data.ketenwijzer.decision.disclosed == set() with input as question(all_choices("health")) with data.agreement as data.ketenwijzer.decision_test.chain
}

test_an_unknown_category_is_withheld if {
	data.ketenwijzer.decision.disclosed == set() with input as question(all_choices("hobby")) with data.agreement as open_chain
}

test_a_suspended_or_unknown_holder_is_withheld if {
	pointers := [object.union(pointer("attendance", "silent"), {"holder": holder}) | some holder in ["2", "7"]]
	data.ketenwijzer.decision.disclosed == set() with input as question(pointers) with data.agreement as open_chain
}

test_a_suspended_or_unknown_requester_hears_nothing if {
	every requester in ["2", "7"] {
		asked := object.union(question(all_choices("attendance")), {"requester": requester})
		data.ketenwijzer.decision.disclosed == set() with input as asked with data.agreement as open_chain
	}
}

test_a_representative_hears_what_the_mandate_covers if {
	pointers := [pointer("attendance", "given"), pointer("care", "given"), pointer("health", "given")]
	mandate := {"act": "view", "categories": ["care"], "kind": "voluntary"}
	asked := object.union(question(pointers), {"representation": mandate})
	data.ketenwijzer.decision.disclosed == {1} with input as asked with data.agreement as open_chain
}

test_the_chain_withholds if {
	pointers := [pointer("attendance", "given"), pointer("care", "given")]
	data.ketenwijzer.decision.disclosed == {1} with input as question(pointers) with data.agreement as open_chain
		with data.ketenwijzer.addition.withhold as {pointer("attendance", "given")}
}
