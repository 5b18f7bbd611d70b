import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MIGRATIONS } from '../../../../policy/store/migrations.ts'
import { type NewGeneration, openStore, restoreFrom, type Store } from '../../../../policy/store/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-store-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newPath = (): string => join(folder, `${++files}`, 'control.sqlite')

/** A clock that moves 1 s a look. */
function open(path: string = newPath()): Store {
  let at = 1_000_000
  return openStore(path, { productVersion: '0.1.0', now: () => (at += 1000) })
}

const GENERATION: NewGeneration = {
  documentText: 'apiVersion: nearcast/v1\n',
  files: { 'a.zone': 'Ü\n' },
  canonicalDigest: 'c1',
  snapshotDigest: '',
  author: 'ann',
  comment: 'why',
  acceptedIssues: ['POLICY_RULE_UNREACHABLE'],
  basedOn: null,
}
const failsWith = (code: string) => (error: unknown) => (error as { code?: string }).code === code

test('openStore makes a store that only its owner may read, durable by its settings', () => {
  const path = newPath()
  const store = open(path)
  store.saveGeneration(GENERATION)
  for (const side of ['', '-wal', '-shm']) assert.equal(statSync(path + side).mode & 0o077, 0, `control.sqlite${side}`)
  store.close()
  assert.ok(!existsSync(`${path}-wal`), 'closing folds the log in')
  const raw = new DatabaseSync(path)
  assert.equal((raw.prepare('PRAGMA journal_mode').get() as { journal_mode: string }).journal_mode, 'wal')
  assert.equal((raw.prepare('PRAGMA user_version').get() as { user_version: number }).user_version, MIGRATIONS.length)
  raw.close()
})

test('generations are numbered, kept whole and listed from the newest', () => {
  const path = newPath()
  const store = open(path)
  assert.equal(store.latestGenerationNumber(), 0)
  assert.equal(store.latestGeneration(), undefined)
  const first = store.saveGeneration(GENERATION, {
    expectedLatest: 0,
    audit: { who: 'ann', action: 'publish', object: 'document', afterDigest: 'c1' },
  })
  assert.deepEqual(first, { ...GENERATION, number: 1, createdAt: first.createdAt, movedPercent: null, zones: {}, documentNumber: 1 })
  const zones = { 'example.com.': { serial: 4_294_967_295, contentDigest: 'z' } }
  store.saveGeneration({ ...GENERATION, canonicalDigest: 'c2', basedOn: 1, movedPercent: 12.5, zones }, { expectedLatest: 1 })
  store.setSnapshotDigest(2, 's2')
  store.close()
  const again = open(path)
  assert.deepEqual(again.getGeneration(1), first)
  assert.equal(again.latestGeneration()?.snapshotDigest, 's2')
  assert.deepEqual(again.latestGeneration()?.zones, zones)
  assert.equal(again.latestGeneration()?.movedPercent, 12.5)
  assert.deepEqual(
    again.listGenerations().map((generation) => generation.number),
    [2, 1],
  )
  assert.deepEqual(
    again.listGenerations({ before: 2 }).map((generation) => generation.number),
    [1],
  )
  assert.deepEqual(
    again.listAudit().map((entry) => [entry.who, entry.action, entry.afterDigest]),
    [['ann', 'publish', 'c1']],
  )
  again.close()
})

test('saveGeneration refuses an edit on another base, and nothing of it happens', () => {
  const store = open()
  store.saveGeneration(GENERATION)
  const audit = { who: 'bob', action: 'publish', object: 'document' }
  assert.throws(() => store.saveGeneration(GENERATION, { expectedLatest: 0, audit }), failsWith('STORE_GENERATION_CONFLICT'))
  assert.equal(store.latestGenerationNumber(), 1)
  assert.deepEqual(store.listAudit(), [])
  store.close()
})

test('transaction is all or nothing, inner ones join', () => {
  const store = open()
  assert.throws(() =>
    store.transaction(() => {
      store.saveGeneration(GENERATION)
      store.createUser({ name: 'ann', role: 'admin', passwordHash: 'h' })
      throw new Error('stop')
    }),
  )
  assert.equal(store.latestGenerationNumber(), 0)
  assert.deepEqual(store.listUsers(), [])
  store.close()
})

test('audit can be filtered and continued', () => {
  const store = open()
  for (const [who, action] of [
    ['ann', 'sign-in'],
    ['bob', 'sign-in'],
    ['ann', 'publish'],
  ] as const)
    store.appendAudit({ who, action, object: 'x' })
  assert.deepEqual(
    store.listAudit({ who: 'ann' }).map((entry) => entry.action),
    ['publish', 'sign-in'],
  )
  assert.deepEqual(
    store.listAudit({ limit: 1, before: 3 }).map((entry) => entry.who),
    ['bob'],
  )
  assert.deepEqual(store.listAudit({ action: 'sign-in', object: 'x' }).length, 2)
  store.close()
})

test('accounts: one name whatever its case, changes end sessions, deletion takes sessions and draft along', () => {
  const store = open()
  const ann = store.createUser({ name: 'Ann', role: 'editor', passwordHash: 'h1', mustChangePassword: true })
  assert.equal(ann.mustChangePassword, true)
  assert.throws(() => store.createUser({ name: 'ANN', role: 'viewer', passwordHash: 'h' }), failsWith('STORE_USER_EXISTS'))
  assert.equal(store.findUser('ann')?.id, ann.id)
  const session = { idHash: 's1', userId: ann.id, expiresAt: 9_000_000, detail: 'Firefox' }
  store.saveSession(session)
  store.updateUser(ann.id, { failedSignIns: 3 })
  assert.equal(store.findSession('s1')?.detail, 'Firefox')
  store.updateUser(ann.id, { passwordHash: 'h2' })
  assert.equal(store.findSession('s1'), undefined)
  store.saveSession(session)
  store.saveSession({ ...session, idHash: 's2' })
  assert.equal(store.deleteSessionsOf(ann.id, 's2'), 1)
  assert.deepEqual(
    store.listSessions(ann.id).map((one) => one.idHash),
    ['s2'],
  )
  store.saveDraft({ account: 'Ann', documentText: 'x', files: {}, baseGeneration: null })
  assert.ok(store.deleteUser(ann.id))
  assert.deepEqual([store.listSessions(), store.listDrafts(), store.listUsers()], [[], [], []])
  assert.equal(store.updateUser(ann.id, { role: 'admin' }), undefined)
  store.close()
})

test('sessions and tokens end at their time', () => {
  const store = open()
  const { id } = store.createUser({ name: 'a', role: 'viewer', passwordHash: '' })
  store.saveSession({ idHash: 'old', userId: id, expiresAt: 1_000_001, detail: '' })
  assert.equal(store.findSession('old'), undefined)
  store.saveApiToken({ name: 'ci', tokenHash: 't1', role: 'editor', createdBy: 'a', expiresAt: 1_000_001 })
  store.saveApiToken({ name: 'scrape', tokenHash: 't2', role: 'viewer', createdBy: 'a', expiresAt: null })
  assert.equal(store.useApiToken('t1'), undefined)
  assert.equal(store.useApiToken('t2')?.name, 'scrape')
  assert.ok(store.listApiTokens()[0]!.lastUsedAt > 0)
  assert.equal(store.deleteExpired(), 2)
  assert.deepEqual(
    store.listApiTokens().map((token) => token.name),
    ['scrape'],
  )
  assert.ok(store.deleteApiToken(store.listApiTokens()[0]!.id))
  store.close()
})

test('drafts: one an account, its version guards against another window', () => {
  const store = open()
  const draft = { account: 'ann', documentText: 'one', files: { f: 'x' }, baseGeneration: 4 }
  assert.equal(store.saveDraft(draft, 0).version, 1)
  assert.equal(store.saveDraft({ ...draft, documentText: 'two' }, 1).version, 2)
  assert.throws(() => store.saveDraft(draft, 1), failsWith('STORE_DRAFT_CONFLICT'))
  assert.equal(store.getDraft('ann')?.documentText, 'two')
  assert.ok(store.deleteDraft('ann'))
  assert.equal(store.getDraft('ann'), undefined)
  store.close()
})

test('settings and serials are kept', () => {
  const store = open()
  assert.equal(store.getSetting('locale'), undefined)
  store.setSetting('locale', { default: 'zh-CN' })
  store.setSetting('locale', { default: 'en' })
  assert.deepEqual(store.getSetting('locale'), { default: 'en' })
  store.setZoneSerial('example.com.', 7, 'd')
  assert.deepEqual(store.getZoneSerial('example.com.'), { serial: 7, contentDigest: 'd' })
  assert.deepEqual(store.listZoneSerials(), new Map([['example.com.', { serial: 7, contentDigest: 'd' }]]))
  store.close()
})

test('what updates leave behind is bounded; documents and what people did stay, and every generation is known by its document', () => {
  const store = open()
  store.transaction(() => {
    store.saveGeneration(GENERATION, { audit: { who: 'ann', action: 'publish.document', object: '1' } })
    for (let number = 2; number <= 2112; number++) {
      const isDocument = number === 700
      for (let line = 0; line < 12; line++) store.appendAudit({ who: 'k.', action: 'update', object: 'z.' })
      store.saveGeneration({ ...GENERATION, ...(isDocument ? {} : { documentNumber: number < 700 ? 1 : 700 }) })
    }
  })
  const numbers = store.listGenerations({ limit: 5000 }).map(({ number }) => number)
  assert.deepEqual(numbers.slice(-2), [700, 1])
  assert.deepEqual([numbers[0], numbers.length], [2112, 1002])
  for (const [number, document] of [
    [2, 1],
    [699, 1],
    [700, 700],
    [701, 700],
    [2112, 700],
    [2113, 0],
    [0, 0],
  ] as const)
    assert.equal(store.documentNumberOf(number), document, String(number))
  assert.equal(store.listAudit({ action: 'update', limit: 50_000 }).length, 20_000)
  assert.equal(store.listAudit({ action: 'publish.document' }).length, 1)
  store.close()
})

test('an acknowledged edit survives kill -9', { timeout: 60_000 }, async () => {
  const path = newPath()
  const writer = fileURLToPath(new URL('../../../support/store-writer.ts', import.meta.url))
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.split('\n').length > 5) child.kill('SIGKILL')
    })
    await new Promise((resolve) => child.on('close', resolve))
    const acknowledged = Number(said.split('\n').at(-2))
    const store = open(path)
    assert.ok(store.latestGenerationNumber() >= acknowledged, `${store.latestGenerationNumber()} >= ${acknowledged}`)
    assert.ok(Number(store.getDraft('crash')?.documentText) >= acknowledged)
    assert.equal(store.getGeneration(acknowledged)?.documentText.length, 10_000)
    store.close()
  }
})

test('backupTo and restoreFrom bring everything back, and keep what was there', () => {
  const path = newPath()
  const store = open(path)
  store.saveGeneration(GENERATION)
  const backup = join(folder, 'backup.sqlite')
  store.backupTo(backup)
  assert.equal(statSync(backup).mode & 0o077, 0)
  assert.throws(() => store.backupTo(backup), failsWith('STORE_BACKUP_FAILED'))
  store.saveGeneration(GENERATION)
  store.close()
  restoreFrom(backup, path)
  const restored = open(path)
  assert.equal(restored.latestGenerationNumber(), 1)
  restored.close()
  const before = open(`${path}.before-restore`)
  assert.equal(before.latestGenerationNumber(), 2)
  before.close()
})

test('restoreFrom refuses what is no good backup and touches nothing', () => {
  const path = newPath()
  open(path).close()
  const bytes = readFileSync(path)
  const bad = join(folder, 'bad.sqlite')
  writeFileSync(bad, 'this is no database, but it is long enough to look like a header of one')
  assert.throws(() => restoreFrom(bad, path), failsWith('STORE_DAMAGED'))
  assert.throws(() => restoreFrom(join(folder, 'none.sqlite'), path), failsWith('STORE_BACKUP_FAILED'))
  const foreign = join(folder, 'foreign.sqlite')
  const other = new DatabaseSync(foreign)
  other.exec('CREATE TABLE x (y)')
  other.close()
  assert.throws(() => restoreFrom(foreign, path), failsWith('STORE_NOT_OURS'))
  assert.throws(() => open(foreign), failsWith('STORE_NOT_OURS'))
  assert.deepEqual(readFileSync(path), bytes)
})

test('openStore refuses a newer format and names the version that reads it', () => {
  const path = newPath()
  open(path).close()
  const raw = new DatabaseSync(path)
  raw.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`)
  raw.exec("UPDATE meta SET value = '9.9.0' WHERE key = 'format_needs'")
  raw.close()
  assert.throws(
    () => open(path),
    (error: Error & { code?: string; suggestion?: string }) =>
      error.code === 'STORE_FORMAT_NEWER' && /9\.9\.0/.test(error.suggestion ?? ''),
  )
})

test('openStore names the path when the folder cannot be made', () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  assert.throws(() => open(join(file, 'sub', 'control.sqlite')), failsWith('STORE_OPEN_FAILED'))
})
