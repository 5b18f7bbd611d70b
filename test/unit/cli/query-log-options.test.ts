import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../../../cli/command.ts'
import type { Flags } from '../../../cli/process-settings.ts'
import { QUERY_LOG_OPTIONS, queryLogSettings } from '../../../cli/query-log-options.ts'

describe('queryLogSettings', () => {
  test('off by default; the defaults of a log that is on', () => {
    assert.equal(queryLogSettings({}, 'n1'), undefined)
    const { version, ...settings } = queryLogSettings({ 'query-log': 'json' }, 'n1')!
    assert.match(version, /^nearcast \d/)
    assert.deepEqual(settings, {
      ...{ format: 'json', to: '-', sampleEvery: 1, logQueries: true, logResponses: true, clientBits: { ipv4: 24, ipv6: 56 } },
      ...{ withRecords: false, maxBytes: 104_857_600, keep: 5, node: 'n1' },
    })
  })

  test('every flag', () => {
    const flags: Flags = {
      ...{ 'query-log': 'dnstap', 'query-log-to': 'unix:/none/tap.sock', 'query-log-sample': '100', 'query-log-messages': 'response' },
      ...{ 'query-log-answers': true, 'query-log-client-bits': '32,128', 'query-log-max-bytes': '0', 'query-log-keep': '0' },
    }
    assert.deepEqual(Object.keys(flags).sort(), Object.keys(QUERY_LOG_OPTIONS).sort())
    const { version, ...settings } = queryLogSettings(flags, 'n2')!
    assert.ok(version)
    assert.deepEqual(settings, {
      ...{ format: 'dnstap', to: 'unix:/none/tap.sock', sampleEvery: 100, logQueries: false, logResponses: true },
      ...{ clientBits: { ipv4: 32, ipv6: 128 }, withRecords: true, maxBytes: 0, keep: 0, node: 'n2' },
    })
  })

  // Also while the log is off: a wrong setting must not wait for the day it is switched on.
  for (const [flag, value] of [
    ['query-log', 'on'],
    ['query-log-sample', '0'],
    ['query-log-sample', '1:100'],
    ['query-log-messages', 'query,answer'],
    ['query-log-client-bits', '24'],
    ['query-log-client-bits', '33,56'],
    ['query-log-client-bits', '24,129'],
    ['query-log-client-bits', '-1,56'],
    ['query-log-max-bytes', '100'],
    ['query-log-max-bytes', '1M'],
    ['query-log-keep', '-1'],
  ] as const)
    test(`--${flag} ${value} is refused by name`, () =>
      assert.throws(
        () => queryLogSettings({ [flag]: value }, 'n1'),
        (error: Error) => error instanceof UsageError && error.message.includes(`--${flag}`) && error.message.includes(value),
      ))
})
