/** `nearcast override` against the whole API: what it sends, prints and exits with. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test'
import { findAction, helpOf, parseCommandLine, UsageError } from '../../../cli/command.ts'
import { command, parseTimeFlag } from '../../../cli/override.ts'
import { type ControlFixture, publishDocument, startControl } from '../../support/control-fixture.ts'

const DOCUMENT = `apiVersion: nearcast/v1
zones: [{name: test., soa: {mname: ns.else., rname: h.else.}, nameservers: [ns.else.]}]
endpoints:
  - {id: nb1, ipv4: 192.0.2.11, site: ningbo, labels: {rack: r1}}
  - {id: nb2, ipv4: 192.0.2.12, site: ningbo}
  - {id: c1, ipv4: 192.0.2.1}
pools:
  - {id: ningbo, members: [{endpoint: nb1}, {endpoint: nb2}]}
  - {id: central, members: [{endpoint: c1}]}
policies:
  - {id: edge, ttlSeconds: 30, rules: [{line: cn-3302, pools: [ningbo]}, {line: "*", pools: [central]}], fallback: [central]}
names: [{name: edge.test., types: [A], policy: edge}]
`

let control: ControlFixture
before(async () => {
  control = await startControl()
  await publishDocument(control, DOCUMENT)
})
after(() => control.stop())

let out: string
let err: string
beforeEach(() => {
  out = ''
  err = ''
  // The test runner reports over standard output in binary: only text is ours.
  const { write } = process.stdout
  mock.method(process.stdout, 'write', (data: string | Uint8Array, ...rest: never[]) => {
    if (typeof data !== 'string') return write.call(process.stdout, data, ...rest)
    out += data
    return true
  })
  mock.method(process.stderr, 'write', (data: string) => {
    err += data
    return true
  })
})
afterEach(() => mock.restoreAll())

async function run(...words: string[]): Promise<number> {
  out = ''
  err = ''
  const found = findAction(command, [...words, '--state', control.folder])
  return found.command.run(parseCommandLine(found.command, found.words, {}))
}

test('set, list, show, change and end', async () => {
  assert.equal(
    await run('set', 'endpoint', 'nb1', 'drain', '--reason', 'new power', '--owner', 'night shift', '--for', '2h', '--drain', '10m'),
    0,
  )
  const [, id] =
    /^override (\d+) set: endpoint nb1: drain \(90 % left\), active, until 2026-06-15T14:00:00.000Z, by night shift: new power\n$/.exec(
      out,
    )!
  assert.equal(control.hub.overrides[0]!.drainSeconds, 600)
  assert.equal(await run('list'), 0)
  assert.equal(out, `${id!.padEnd(5)} endpoint nb1: drain (90 % left), active, until 2026-06-15T14:00:00.000Z, by night shift: new power\n`)
  assert.equal(await run('change', id!, '--action', 'down', '--for', '3h'), 0)
  assert.match(out, /^override \d+ changed: endpoint nb1: down, active, until 2026-06-15T15:00:00.000Z/)
  assert.equal(await run('show', id!), 0)
  assert.match(out, /^owner +night shift$/m)
  assert.match(out, /^set +2026-06-15T12:00:00.000Z by machine$/m)
  assert.match(out, /^decides on +nb1$/m)
  assert.equal(await run('change', id!, '--open', '--reason', 'longer'), 0)
  assert.match(out, /down, active, no end, by night shift: longer/)
  assert.equal(await run('end', id!, '--reason', 'done'), 0)
  assert.equal(out, `override ${id} ended\n`)
  assert.equal(await run('list'), 0)
  assert.equal(out, 'no overrides\n')
  assert.equal(await run('list', '--ended', '5', '--json'), 0)
  assert.deepEqual(
    JSON.parse(out).map((one: { id: string; endedBy: string; endReason: string }) => [one.id, one.endedBy, one.endReason]),
    [[id, 'machine', 'done']],
  )
  await assert.rejects(run('end', id!), { code: 'OVERRIDE_ENDED' })
  await assert.rejects(run('show', '999'), { code: 'OVERRIDE_UNKNOWN' })
})

test('what leaves a line on the fallback is refused with its lines, until it is accepted', async () => {
  assert.equal(await run('check', 'site', 'ningbo', 'down'), 1)
  assert.match(out, /^2 endpoints:\n {2}nb1\n {2}nb2\n/)
  assert.match(
    out,
    /^1 line left without an endpoint of their own:\n {2}policy edge, line cn-3302 \(.+\): rule → fallback, pool central, when every endpoint is up$/m,
  )
  assert.match(out, /^setting it needs --accept OVERRIDE_LEAVES_FALLBACK$/m)
  assert.equal(await run('check', 'site', 'ningbo', 'down', '--accept', 'OVERRIDE_LEAVES_FALLBACK', '--json'), 0)
  assert.deepEqual(JSON.parse(out).needs, ['OVERRIDE_LEAVES_FALLBACK'])
  await assert.rejects(run('set', 'site', 'ningbo', 'down', '--reason', 'x'), { code: 'OVERRIDE_LEAVES_FALLBACK' })
  assert.match(err, /^line "cn-3302" of policy "edge" would be answered by the fallback \(pool "central"\)$/m)
  assert.equal(await run('check', 'endpoint', 'nb1', 'down'), 0)
  assert.match(out, /^no line is left on the fallback$/m)
})

test('windows that come back', async () => {
  const words = ['label', 'rack=r1', 'down', '--cron', '0 2 * * 6', '--window', '3h', '--zone', 'Asia/Shanghai']
  assert.equal(await run('set', ...words, '--reason', 'patches'), 0)
  assert.match(out, /label rack=r1: down, waiting, from 2026-06-19T18:00:00.000Z until 2026-06-19T21:00:00.000Z, by machine: patches/)
  const { id } = control.hub.overrides[0]!
  assert.equal(await run('show', id, '--json'), 0)
  assert.deepEqual(JSON.parse(out).schedule, { cron: '0 2 * * 6', durationSeconds: 10_800, timeZone: 'Asia/Shanghai' })
  assert.equal(await run('end', id), 0)
  await assert.rejects(run('set', ...words.with(4, 'every day'), '--reason', 'x'), { code: 'OVERRIDE_INVALID' })
  await assert.rejects(run('set', ...words.with(4, '0 2 * * nosuchday'), '--reason', 'x'), { code: 'OVERRIDE_INVALID' })
})

describe('wrong calls', () => {
  const cases: readonly (readonly [words: string, message: RegExp])[] = [
    ['', /name an action: set, check/],
    ['pause', /"pause" is none of set/],
    ['set endpoint nb1', /takes KIND VALUE ACTION: kinds are endpoint, label, site, pool/],
    ['set endpoint nb1 down', /say why with --reason/],
    ['set rack r1 down --reason x', /"rack" is none of endpoint/],
    ['set endpoint nb1 pause --reason x', /"pause" is none of down/],
    ['set endpoint nb1 down --reason x --for soon', /--for "soon" is no time/],
    ['set endpoint nb1 down --reason x --until tomorrow', /--until "tomorrow" is no time/],
    ['set endpoint nb1 down --reason x --for 2h --until 2027-01-01', /give one/],
    ['set endpoint nb1 down --reason x --window 2h', /belong to --cron/],
    ['set endpoint nb1 down --reason x --cron * ', /--cron needs --window/],
    ['list --ended 900', /ended/],
    ['show', /takes one id/],
    ['end', /takes ids/],
    ['change 1', /say what is to change/],
    ['change 1 --open --for 2h', /--open says/],
  ]
  for (const [words, message] of cases)
    test(words === '' ? 'no word' : words, async () => {
      await assert.rejects(
        async () => run(...words.split(' ').filter((word) => word !== '')),
        (error) => {
          assert.ok(error instanceof UsageError, String(error))
          assert.match(error.message, message)
          return true
        },
      )
    })
})

test('parseTimeFlag knows seconds, minutes, hours and days', () => {
  assert.deepEqual(
    ['90', '90s', '30m', '2h', '3d'].map((text) => parseTimeFlag('for', text)),
    [90, 90, 1800, 7200, 259_200],
  )
})

test('each action has a help of its own', () => {
  for (const action of Object.values(command.actions!)) assert.match(helpOf(action), /--server URL/, action.name)
})
