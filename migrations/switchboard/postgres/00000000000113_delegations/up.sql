-- Which supplier may act for which partner. Two people of the partner approve; whoever ends it ends it at once.
CREATE TABLE delegations (
    id BYTEA PRIMARY KEY,
    principal TEXT NOT NULL,
    supplier TEXT NOT NULL,
    scopes TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    first_approver TEXT,
    second_approver TEXT,
    ended_at BIGINT,
    CHECK (second_approver IS NULL OR first_approver IS NOT NULL),
    CHECK (second_approver IS NULL OR second_approver <> first_approver)
);

CREATE INDEX delegations_of_principal ON delegations (principal, supplier, id);
CREATE INDEX delegations_of_supplier ON delegations (supplier, id);
