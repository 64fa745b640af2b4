CREATE TABLE api_key (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	label VARCHAR NOT NULL,
	shown VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT,
	revoked_at BIGINT,
	PRIMARY KEY (id),
	UNIQUE (sha256)
);

CREATE TABLE attempt (
	seq BIGSERIAL NOT NULL,
	org_id VARCHAR NOT NULL,
	delivery_id VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	took_ms INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	outcome VARCHAR NOT NULL,
	http_status INTEGER,
	error TEXT NOT NULL,
	PRIMARY KEY (seq)
);

CREATE INDEX attempt_delivery ON attempt (delivery_id);

CREATE TABLE audit (
	seq BIGSERIAL NOT NULL,
	org_id VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	actor VARCHAR NOT NULL,
	action VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	before TEXT,
	after TEXT,
	PRIMARY KEY (seq)
);

CREATE INDEX ix_audit_org_id ON audit (org_id);

CREATE TABLE content (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	ticket_id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	origin_hop_id VARCHAR NOT NULL,
	visibility VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	text TEXT NOT NULL,
	author TEXT NOT NULL,
	salt VARCHAR NOT NULL,
	digest VARCHAR NOT NULL,
	to_link_id VARCHAR,
	filename TEXT,
	media_type VARCHAR,
	blob_key VARCHAR,
	blob_size BIGINT,
	blob_sha256 VARCHAR,
	source TEXT,
	automatic BOOLEAN NOT NULL,
	released_to TEXT,
	PRIMARY KEY (id)
);

CREATE INDEX content_ticket ON content (ticket_id);

CREATE TABLE copy (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	ticket_id VARCHAR NOT NULL,
	hop_id VARCHAR NOT NULL,
	content_id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	remote_id VARCHAR NOT NULL,
	native_hash VARCHAR NOT NULL,
	visibility VARCHAR NOT NULL,
	ours BOOLEAN NOT NULL,
	missing BOOLEAN NOT NULL,
	removed BOOLEAN NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX copy_content ON copy (content_id);

CREATE INDEX copy_hash ON copy (hop_id, native_hash);

CREATE UNIQUE INDEX copy_remote ON copy (hop_id, kind, remote_id);

CREATE TABLE delivery (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	ticket_id VARCHAR NOT NULL,
	hop_id VARCHAR NOT NULL,
	desk_id VARCHAR NOT NULL,
	seq INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	marker VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	head BOOLEAN NOT NULL,
	blocks BOOLEAN NOT NULL,
	payload TEXT,
	content_id VARCHAR,
	visibility VARCHAR,
	link_id VARCHAR,
	event_id VARCHAR,
	urgency INTEGER NOT NULL,
	due_at BIGINT,
	attempts INTEGER NOT NULL,
	probes INTEGER NOT NULL,
	first_sent_at BIGINT,
	created_at BIGINT NOT NULL,
	next_at BIGINT NOT NULL,
	done_at BIGINT,
	lease_until BIGINT,
	fence INTEGER NOT NULL,
	worker VARCHAR NOT NULL,
	outcome VARCHAR NOT NULL,
	error TEXT NOT NULL,
	note BOOLEAN NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX delivery_blocking ON delivery (hop_id, seq) WHERE blocks;

CREATE INDEX delivery_creating ON delivery (desk_id) WHERE kind = 'create' AND blocks;

CREATE UNIQUE INDEX delivery_lane ON delivery (hop_id, seq);

CREATE INDEX delivery_marker ON delivery (marker);

CREATE INDEX delivery_parked ON delivery (state) WHERE state IN ('parked','asking');

CREATE INDEX delivery_ready ON delivery (org_id, urgency, due_at, created_at) WHERE state = 'pending' AND head;

CREATE INDEX delivery_ticket ON delivery (ticket_id);

CREATE INDEX delivery_waiting ON delivery (lease_until) WHERE state IN ('inflight', 'ambiguous');

CREATE TABLE desk (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	connector VARCHAR NOT NULL,
	document TEXT,
	sealed_credentials TEXT,
	sealed_hook_secrets TEXT,
	hook_token_hash VARCHAR,
	version INTEGER NOT NULL,
	held TEXT NOT NULL,
	held_at BIGINT,
	cursor TEXT,
	poll_at BIGINT,
	poll_fence INTEGER NOT NULL,
	poll_lease_until BIGINT,
	polled_at BIGINT,
	breaker TEXT,
	learned TEXT,
	PRIMARY KEY (id),
	UNIQUE (code)
);

CREATE INDEX ix_desk_org_id ON desk (org_id);

CREATE TABLE directory (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	document TEXT,
	PRIMARY KEY (id)
);

CREATE UNIQUE INDEX directory_code ON directory (kind, org_id, code);

CREATE TABLE discrepancy (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	ticket_id VARCHAR NOT NULL,
	hop_id VARCHAR NOT NULL,
	at BIGINT NOT NULL,
	kind VARCHAR NOT NULL,
	data TEXT,
	PRIMARY KEY (id)
);

CREATE INDEX discrepancy_ticket ON discrepancy (ticket_id);

CREATE TABLE event (
	seq BIGSERIAL NOT NULL,
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	ticket_id VARCHAR NOT NULL,
	hop_id VARCHAR,
	type VARCHAR NOT NULL,
	data TEXT,
	observed_at BIGINT NOT NULL,
	reported_at BIGINT,
	stated_at BIGINT,
	source VARCHAR NOT NULL,
	actor_kind VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	cause_id VARCHAR,
	PRIMARY KEY (seq),
	UNIQUE (id)
);

CREATE INDEX event_ticket ON event (ticket_id, seq);

CREATE TABLE hop (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	ticket_id VARCHAR NOT NULL,
	desk_id VARCHAR NOT NULL,
	link_id VARCHAR,
	parent_id VARCHAR,
	remote_id VARCHAR,
	number VARCHAR,
	url VARCHAR,
	status VARCHAR NOT NULL,
	reason VARCHAR,
	facts TEXT,
	shadow TEXT,
	unmapped TEXT,
	position VARCHAR,
	last_entry VARCHAR,
	revision VARCHAR,
	route TEXT,
	ranks TEXT,
	asked BOOLEAN NOT NULL,
	offered_at BIGINT,
	answer_by BIGINT,
	confirm_by BIGINT,
	refetch_at BIGINT,
	looked_at BIGINT,
	wrote_at BIGINT,
	created_at BIGINT,
	next_seq INTEGER NOT NULL,
	budget_from BIGINT,
	budget_used INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX hop_answer ON hop (answer_by) WHERE answer_by IS NOT NULL;

CREATE INDEX hop_confirm ON hop (confirm_by) WHERE confirm_by IS NOT NULL;

CREATE INDEX hop_refetch ON hop (refetch_at) WHERE refetch_at IS NOT NULL;

CREATE UNIQUE INDEX hop_remote ON hop (desk_id, remote_id);

CREATE INDEX hop_ticket ON hop (ticket_id);

CREATE INDEX hop_unmapped ON hop (desk_id) WHERE unmapped <> '[]';

CREATE TABLE link (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	upstream_desk_id VARCHAR NOT NULL,
	downstream_desk_id VARCHAR NOT NULL,
	upstream_org_id VARCHAR NOT NULL,
	downstream_org_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	document TEXT,
	version INTEGER NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (code)
);

CREATE INDEX ix_link_downstream_desk_id ON link (downstream_desk_id);

CREATE INDEX ix_link_org_id ON link (org_id);

CREATE INDEX ix_link_upstream_desk_id ON link (upstream_desk_id);

CREATE TABLE look (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	desk_id VARCHAR NOT NULL,
	remote_id VARCHAR NOT NULL,
	due_at BIGINT NOT NULL,
	hints INTEGER NOT NULL,
	attempts INTEGER NOT NULL,
	gone_at BIGINT,
	why VARCHAR NOT NULL,
	error TEXT NOT NULL,
	lease_until BIGINT,
	fence INTEGER NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX look_due ON look (due_at);

CREATE UNIQUE INDEX look_what ON look (desk_id, remote_id);

CREATE TABLE message (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	desk_id VARCHAR NOT NULL,
	received_at BIGINT NOT NULL,
	headers TEXT,
	query TEXT,
	body BYTEA NOT NULL,
	state VARCHAR NOT NULL,
	error TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	processed_at BIGINT,
	lease_until BIGINT,
	fence INTEGER NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX message_state ON message (state, received_at);

CREATE INDEX message_waiting ON message (received_at) WHERE state = 'received';

CREATE TABLE meta (
	key VARCHAR NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (key)
);

CREATE TABLE organization (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	document TEXT,
	PRIMARY KEY (id),
	UNIQUE (code)
);

CREATE INDEX ix_organization_org_id ON organization (org_id);

CREATE TABLE person (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	desk_id VARCHAR NOT NULL,
	native_id TEXT NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE sheet (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	code VARCHAR NOT NULL,
	created_at BIGINT NOT NULL,
	document TEXT,
	PRIMARY KEY (id)
);

CREATE TABLE ticket (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	opened_at BIGINT NOT NULL,
	closed_at BIGINT,
	facts TEXT,
	version INTEGER NOT NULL,
	PRIMARY KEY (id)
);

CREATE INDEX ticket_org ON ticket (org_id, opened_at);

CREATE TABLE worker (
	id VARCHAR NOT NULL,
	org_id VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	host VARCHAR NOT NULL,
	started_at BIGINT NOT NULL,
	seen_at BIGINT NOT NULL,
	version VARCHAR NOT NULL,
	PRIMARY KEY (id)
);
