/**
 * The format of the store, as steps from one user_version to the next. A step that has been released is never changed; a new one is added.
 * Times are ms since epoch. Secrets stand here only as hashes.
 */

/** Marks the file as ours ("ncst"). */
export const APPLICATION_ID = 0x6e637374

/** Step n brings a store from user_version n to n + 1. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE generations (
    number INTEGER PRIMARY KEY,
    document_text TEXT NOT NULL,
    files TEXT NOT NULL,             -- JSON: name -> text
    canonical_digest TEXT NOT NULL,
    snapshot_digest TEXT NOT NULL,
    author TEXT NOT NULL,
    comment TEXT NOT NULL,
    accepted_issues TEXT NOT NULL,   -- JSON list of codes
    created_at INTEGER NOT NULL,
    based_on INTEGER,
    moved_percent REAL,
    zones TEXT NOT NULL              -- JSON: zone -> {serial, contentDigest}
  ) STRICT;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    before_digest TEXT NOT NULL,
    after_digest TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_at ON audit (at);

  CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    must_change_password INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    failed_sign_ins INTEGER NOT NULL DEFAULT 0,
    locked_until_at INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE sessions (
    id_hash TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX sessions_user ON sessions (user_id);

  CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE drafts (
    account TEXT PRIMARY KEY,
    document_text TEXT NOT NULL,
    files TEXT NOT NULL,
    base_generation INTEGER,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE zone_serials (zone TEXT PRIMARY KEY, serial INTEGER NOT NULL, content_digest TEXT NOT NULL) STRICT;
  `,
  `
  -- Number of the generation that brought the document; null = this one. Updates and transfers do not store the document again.
  ALTER TABLE generations ADD COLUMN document_number INTEGER;

  -- What updates did to a zone beside its document (resolver/zone/dynamic-layer.ts).
  CREATE TABLE dynamic_records (
    zone TEXT NOT NULL,
    owner TEXT NOT NULL,
    type INTEGER NOT NULL,
    rdata BLOB NOT NULL,
    kind TEXT NOT NULL,              -- added, removed
    ttl_seconds INTEGER NOT NULL,
    PRIMARY KEY (zone, owner, type, rdata)
  ) STRICT, WITHOUT ROWID;

  -- Content of secondary zones as it was transferred: packed records (resolver/transfer/record-cursor.ts), the SOA first.
  CREATE TABLE transferred_zones (
    zone TEXT PRIMARY KEY,
    serial INTEGER NOT NULL,
    records BLOB NOT NULL,
    digest TEXT NOT NULL,
    transferred_at INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,   -- last time a primary said that this is its newest
    primary_address TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- zone_serials has the serials of all zones; a generation has those that changed with it. Before, each had all of them.
  UPDATE generations SET zones = '{}';

  -- What updates leave behind is bounded: found without reading documents.
  CREATE INDEX generations_of_layers ON generations (number) WHERE document_number IS NOT NULL;
  CREATE INDEX audit_of_updates ON audit (id) WHERE action = 'update';
  `,
  `
  -- What a token is for, and what its reports may be about. Tokens made before were for the whole API.
  ALTER TABLE api_tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'api';
  ALTER TABLE api_tokens ADD COLUMN endpoints TEXT NOT NULL DEFAULT '[]';   -- JSON list of ids
  ALTER TABLE api_tokens ADD COLUMN vantage TEXT NOT NULL DEFAULT '';
  `,
  `
  -- What operators force on endpoints. Ended ones are kept: who held what, when and why.
  CREATE TABLE overrides (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_kind TEXT NOT NULL,       -- endpoint, label, site, pool
    target_value TEXT NOT NULL,
    action TEXT NOT NULL,            -- up, down, drain
    drain_seconds INTEGER NOT NULL,
    owner TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    schedule TEXT,                   -- JSON: cron, durationSeconds, timeZone
    version INTEGER NOT NULL,        -- rises with every change; the ETag
    removed_at INTEGER,
    removed_by TEXT NOT NULL DEFAULT '',
    removed_reason TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE INDEX overrides_open ON overrides (id) WHERE removed_at IS NULL;
  `,
  `
  -- The latency matrix: newest samples of each line and endpoint (health/score/latency-aggregate.ts).
  CREATE TABLE latency_cells (
    line TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    samples TEXT NOT NULL,           -- JSON: [[number of the network, latency in ms, taken at], …]
    PRIMARY KEY (line, endpoint)
  ) STRICT, WITHOUT ROWID;
  `,
]
