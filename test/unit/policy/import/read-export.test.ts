/** Exports as people save them: encodings, separators, headers in both languages, files that are none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeExport } from '../../../../policy/import/decode-export.ts'
import { readVendorCsv } from '../../../../policy/import/read-vendor-csv.ts'
import { readVendorJson } from '../../../../policy/import/read-vendor-json.ts'

const HEADER = '主机记录,记录类型,线路类型,记录值,TTL'
/** "主机记录" in GB18030. */
const GB_TITLE = [0xd6, 0xf7, 0xbb, 0xfa, 0xbc, 0xc7, 0xc2, 0xbc]

test('decodeExport reads UTF-8, UTF-8 with BOM, UTF-16 and GB18030', () => {
  const utf16 = (littleEndian: boolean): Uint8Array => {
    const bytes = Buffer.from(`\uFEFF${HEADER}`, 'utf16le')
    return littleEndian ? bytes : bytes.swap16()
  }
  assert.equal(decodeExport(Buffer.from(HEADER), 'x'), HEADER)
  assert.equal(decodeExport(Buffer.from(`\uFEFF${HEADER}`), 'x'), HEADER)
  assert.equal(decodeExport(utf16(true), 'x'), HEADER)
  assert.equal(decodeExport(utf16(false), 'x'), HEADER)
  assert.equal(decodeExport(Uint8Array.from(GB_TITLE), 'x'), '主机记录')
})

test('files that are no export are refused with a remedy', () => {
  const cases: readonly (readonly [string, Uint8Array, RegExp, RegExp])[] = [
    ['nothing', Buffer.alloc(0), /is empty/, /again/],
    ['xlsx', Buffer.from('PK\u0003\u0004…'), /spreadsheet \(xlsx\)/, /CSV/],
    ['xls', Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0]), /spreadsheet \(xls\)/, /CSV/],
    ['a web page', Buffer.from('\n<!DOCTYPE html><html>'), /web page/, /CSV or JSON/],
    ['binary', Buffer.from('a\0b'), /no text/, /CSV or JSON/],
    ['neither encoding', Uint8Array.from([0x41, 0xff, 0xff, 0x41]), /neither UTF-8 nor GB18030/, /UTF-8/],
  ]
  for (const [name, bytes, message, suggestion] of cases) {
    assert.throws(() => decodeExport(bytes, 'export'), { code: 'IMPORT_FORMAT', message, suggestion }, name)
  }
})

test('tables: any order of columns, any separator, units of TTL, values in quotes over lines', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['comma', `${HEADER}\nwww,A,电信,192.0.2.1,600`],
    ['tab', `${HEADER.replaceAll(',', '\t')}\nwww\tA\t电信\t192.0.2.1\t600`],
    ['semicolon', `${HEADER.replaceAll(',', ';')}\nwww;"A";电信;"192.0.2.1";600`],
    ['other order, English', 'Record Value,Line,TTL (s),Host,Type\n192.0.2.1,电信,10 min,www,A'],
    [
      'quotes, carriage returns, empty rows',
      `"主机记录","记录类型","线路类型","记录值","TTL(秒)"\r\n\r\n"www","A","电信","192.0.2.1","10分钟"\r\n`,
    ],
  ]
  for (const [name, text] of cases) {
    const { records, problems } = readVendorCsv(text, 'x.csv')
    assert.deepEqual(problems, [], name)
    const { where: _, ...record } = records[0]!
    assert.deepEqual(
      record,
      {
        zone: undefined,
        name: 'www',
        type: 'A',
        line: '电信',
        lineId: '',
        value: '192.0.2.1',
        isEnabled: true,
        ttlSeconds: 600,
        weight: undefined,
        priority: undefined,
      },
      name,
    )
  }
  const [txt] = readVendorCsv(`${HEADER}\nt,TXT,默认,"a,""b""\nc",600`, 'x.csv').records
  assert.equal(txt!.value, 'a,"b"\nc')
})

test('rows that cannot be read are named by their line, the others go on', () => {
  const text = `${HEADER},权重,MX优先级,状态\nwww,A,默认,192.0.2.1,soon,,,启用\nok,A,默认,192.0.2.2,600,-,--,启用\nx,,默认,192.0.2.3,600,,,\ny,A,默认,,600,,,\nz,A,默认,192.0.2.4,600,many,,\nm,MX,默认,mx,600,,high,\nq,A,"默认,192.0.2.9,600`
  const { records, problems } = readVendorCsv(text, 'x.csv')
  assert.deepEqual(
    records.map(({ where, name }) => `${where} ${name}`),
    ['x.csv line 3 ok'],
  )
  assert.deepEqual(
    problems.map(({ where, reason }) => `${where}: ${reason}`),
    [
      'x.csv line 2: "soon" is no TTL',
      'x.csv line 4: it has no record type',
      'x.csv line 5: it has no value',
      'x.csv line 6: "many" is no weight',
      'x.csv line 7: "high" is no priority',
      'x.csv line 8: a quote is never closed, or text follows one',
    ],
  )
})

test('states of all vendors', () => {
  const states = ['启用', '正常', 'ENABLE', 'enabled', 'ACTIVE', '1', ''].map((state) => [state, true] as const)
  const paused = ['暂停', 'DISABLE', 'disabled', '0', '停用', 'Pause'].map((state) => [state, false] as const)
  for (const [state, isEnabled] of [...states, ...paused]) {
    assert.equal(readVendorCsv(`${HEADER},状态\nwww,A,默认,192.0.2.1,600,${state}`, 'x').records[0]!.isEnabled, isEnabled, state)
  }
})

test('custom lines in a table, one range a row or many', () => {
  const { lines } = readVendorCsv('线路名称,IP段\n园区A,198.51.100.1-198.51.100.9;203.0.113.0/24\n园区B,192.0.2.1', 'lines.csv')
  assert.deepEqual(
    lines.map(({ names, ranges }) => [names, ranges]),
    [
      [['园区A'], ['198.51.100.1-198.51.100.9', '203.0.113.0/24']],
      [['园区B'], ['192.0.2.1']],
    ],
  )
})

test('a table or JSON of something else is refused', () => {
  for (const text of ['a,b,c\n1,2,3', '', '主机记录,记录类型\nwww,A']) {
    assert.throws(() => readVendorCsv(text, 'x.csv'), { code: 'IMPORT_FORMAT', message: /no header of an export/ })
  }
  for (const text of ['{"a":1}', '[]', '[1,2]', '"text"', '{"lines":[{"x":1}]}']) {
    assert.throws(() => readVendorJson(text, 'x.json'), { code: 'IMPORT_FORMAT', message: /no list of records/ })
  }
  assert.throws(() => readVendorJson('{"Response":', 'x.json'), { code: 'IMPORT_FORMAT', message: /broken JSON/ })
})

test('the older DNSPod API, pages, and bare lists of records', () => {
  const old = {
    domain: { name: 'example.com' },
    records: [
      {
        name: 'www',
        line: '电信',
        line_id: '10=0',
        type: 'A',
        ttl: '600',
        value: '192.0.2.1',
        weight: null,
        mx: '0',
        enabled: '1',
        status: 'enabled',
      },
    ],
  }
  const read = readVendorJson(JSON.stringify(old), 'x.json')
  assert.equal(read.vendor, 'dnspod')
  assert.deepEqual([read.records[0]!.zone, read.records[0]!.line, read.records[0]!.ttlSeconds], ['example.com', '电信', 600])
  const page = (name: string) => ({
    DomainRecords: { Record: [{ DomainName: 'example.com', RR: name, Type: 'A', Value: '192.0.2.1', Line: 'default', Status: 'ENABLE' }] },
  })
  const pages = readVendorJson(JSON.stringify([page('a'), page('b')]), 'x.json')
  assert.deepEqual(
    pages.records.map(({ where, name }) => `${where} ${name}`),
    ['x.json record 1 a', 'x.json record 2 b'],
  )
  const bare = readVendorJson(JSON.stringify([{ RR: 'a', Type: 'A', Value: '192.0.2.1', Line: 'default' }]), 'x.json')
  assert.equal(bare.vendor, 'alibaba')
  assert.equal(bare.records.length, 1)
})
