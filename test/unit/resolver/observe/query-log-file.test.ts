import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkQueryLogTarget } from '../../../../resolver/observe/query-log.ts'
import { type LogFileOptions, openLogFile } from '../../../../resolver/observe/query-log-file.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const folder = temporaryFolder()
let number = 0

function open(changes: Partial<LogFileOptions> = {}) {
  const inner = join(folder.path, String(number++))
  mkdirSync(inner)
  const path = changes.path ?? join(inner, 'q.log')
  const counts = { written: 0, lost: 0 }
  const problems: string[] = []
  const sink = openLogFile(
    { ...{ path, maxBytes: 0, keep: 2, begin: new Uint8Array(0), end: new Uint8Array(0), isFresh: false }, ...changes },
    {
      written: (count) => {
        counts.written += count
      },
      lost: (count) => {
        counts.lost += count
      },
      problem: (message, recovered) => void problems.push(`${recovered ? '+' : '-'} ${message}`),
    },
  )
  const put = (text: string): void => sink.write(Buffer.from(text), 1)
  const files = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(inner)
        .sort()
        .map((name) => [name, readFileSync(join(inner, name), 'utf8')]),
    )
  return { inner, path, sink, counts, problems, put, files }
}

describe('the query log in a file', () => {
  test('is appended to; begin and end stand around each file of frames', async () => {
    const { sink, put, files, counts } = open({ begin: Buffer.from('<'), end: Buffer.from('>') })
    put('a')
    put('b')
    await sink.close()
    assert.deepEqual(files(), { 'q.log': '<ab>' })
    assert.deepEqual(counts, { written: 2, lost: 0 })
  })

  test('is rotated before it grows beyond its size; older files are kept up to a number', async () => {
    const { sink, put, files } = open({ maxBytes: 10, begin: Buffer.from('<'), end: Buffer.from('>') })
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dddddddddddd', 'e', 'f']) put(text)
    await sink.close()
    assert.deepEqual(files(), { 'q.log': '<ef>', 'q.log.1': '<dddddddddddd>', 'q.log.2': '<cccc>' })
  })

  test('keeps no older file when none is asked for', async () => {
    const { sink, put, files } = open({ maxBytes: 10, keep: 0 })
    for (const text of ['aaaaaa', 'bbbbbb']) put(text)
    await sink.close()
    assert.deepEqual(files(), { 'q.log': 'bbbbbb' })
  })

  test('a file of lines is continued at the next start, a file of frames rotated away', async () => {
    for (const isFresh of [false, true]) {
      const first = open()
      first.put('old')
      await first.sink.close()
      const second = open({ path: first.path, isFresh })
      second.put('new')
      await second.sink.close()
      assert.deepEqual(first.files(), isFresh ? { 'q.log': 'new', 'q.log.1': 'old' } : { 'q.log': 'oldnew' })
    }
  })

  test('moved away: written anew at the next look, or at once when told', async () => {
    const { sink, put, files, path } = open()
    put('a')
    renameSync(path, `${path}.moved`)
    put('b')
    sink.tick(2000)
    put('c')
    renameSync(path, `${path}.again`)
    sink.reopen()
    put('d')
    rmSync(path)
    sink.tick(4000)
    put('e')
    await sink.close()
    assert.deepEqual(files(), { 'q.log': 'e', 'q.log.again': 'c', 'q.log.moved': 'ab' })
  })

  test('cannot be opened again: told once, counted as full, and tried again', async () => {
    const { sink, put, path, inner, problems, counts } = open()
    put('a')
    rmSync(path)
    mkdirSync(path)
    sink.tick(2000)
    sink.tick(4000)
    assert.equal(sink.hasRoom(), false)
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, /^- the query log ".*q\.log" cannot be opened \(EISDIR\)$/)
    rmSync(path, { recursive: true })
    sink.tick(6000)
    assert.equal(sink.hasRoom(), true)
    put('b')
    assert.match(problems[1]!, /^\+ .*is written again$/)
    assert.deepEqual(counts, { written: 2, lost: 0 })
    assert.ok(existsSync(join(inner, 'q.log')))
    await sink.close()
  })

  test('a full disk: counted, told once', { skip: existsSync('/dev/full') ? false : 'this system has no /dev/full' }, async () => {
    const { sink, put, problems, counts } = open({ path: '/dev/full' })
    put('a')
    put('b')
    await sink.close()
    assert.deepEqual([counts, problems.length], [{ written: 0, lost: 2 }, 1])
    assert.match(problems[0]!, /ENOSPC/)
  })
})

describe('checkQueryLogTarget', () => {
  const file = folder.write('plain', '')
  for (const [to, message] of [
    ['/proc/nearcast/q.log', /"\/proc\/nearcast\/q\.log" cannot be written \(E[A-Z]+\)/],
    [folder.path, /is not a file/],
    [`unix:${file}`, /is not a socket/],
    [`unix:/${'x'.repeat(120)}`, /no path of a unix socket/],
    ['unix:', /no path of a unix socket/],
  ] as const)
    test(`refuses ${to.slice(0, 30)}`, () => assert.throws(() => checkQueryLogTarget(to), { code: 'SETTINGS_QUERY_LOG', message }))

  for (const to of ['-', '/dev/null', 'unix:/nobody/there.sock', join(folder.path, 'new.log')])
    test(`takes ${to.replace(folder.path, '…')}`, () => checkQueryLogTarget(to))
})
