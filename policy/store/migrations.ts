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
    generation INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    account TEXT NOT NULL,
    comment TEXT NOT NULL,
    digest TEXT NOT NULL,            -- canonical digest of the document
    text TEXT NOT NULL,              -- the document as it was given
    files TEXT NOT NULL,             -- JSON: name -> text
    accepted TEXT NOT NULL,          -- JSON list of issue codes
    moved_percent REAL,
    zones TEXT NOT NULL,             -- JSON: zone -> {serial, contentDigest}
    snapshot_digest TEXT NOT NULL,
    based_on INTEGER
  ) STRICT;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    account TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,            -- JSON
    before_digest TEXT NOT NULL,
    after_digest TEXT NOT NULL
  ) STRICT;

  CREATE TABLE users (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    must_change_password INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    failed_count INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT NOT NULL
  ) STRICT;
  CREATE INDEX sessions_user ON sessions (user);

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    role TEXT NOT NULL,
    user TEXT NOT NULL COLLATE NOCASE REFERENCES users (name) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,     -- 0 = no expiry
    last_used_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX tokens_user ON tokens (user);

  CREATE TABLE drafts (
    account TEXT PRIMARY KEY COLLATE NOCASE,
    base_generation INTEGER NOT NULL,
    saved_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    files TEXT NOT NULL
  ) STRICT;

  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
]
