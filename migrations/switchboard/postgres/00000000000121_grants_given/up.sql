-- One report id at two holders is two reports: each holder tells of its own.
ALTER TABLE feedback_routes DROP CONSTRAINT feedback_routes_pkey;
ALTER TABLE feedback_routes ADD PRIMARY KEY (id, holder, reporter);

-- Grants that were given: what a holder tells of feedback reports and corrections is checked against them. A feedback grant goes with the
-- report that is told of under it.
CREATE TABLE grants_given (
    transaction_id BYTEA NOT NULL PRIMARY KEY CHECK (length(transaction_id) = 16),
    requester TEXT NOT NULL,
    holder TEXT NOT NULL,
    category TEXT NOT NULL,
    for_feedback SMALLINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX grants_given_by_age ON grants_given (at);
INSERT INTO grants_given (transaction_id, requester, holder, category, for_feedback, at)
    SELECT decode(replace(given ->> 'transaction', '-', ''), 'hex'),
        coalesce(entry.record::json ->> 'onBehalfOf', entry.record::json ->> 'party'),
        given ->> 'holder', given ->> 'category',
        CASE WHEN given ->> 'act' = 'feedback' THEN 1 ELSE 0 END, entry.at
    FROM ledger_entries AS entry, json_array_elements(entry.record::json -> 'grants') AS given
    WHERE entry.record IS NOT NULL AND entry.record::json ->> 'event' = 'query-answered'
    ON CONFLICT DO NOTHING;
