/** RFC 1035 §5.1 line by line: what a master file may say, and each problem with its place. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatName, parseName } from '../../../../resolver/wire/name.ts'
import { formatRdata } from '../../../../resolver/wire/rdata/rdata-text.ts'
import { typeWord } from '../../../../resolver/wire/registry.ts'
import { type IncludeReader, parseZoneFile } from '../../../../resolver/zone/zone-file-parser.ts'
import { MAX_ZONE_ISSUES } from '../../../../resolver/zone/zone-record.ts'

const ORIGIN = parseName('example.test.')
const FILES: Readonly<Record<string, string>> = {
  'hosts.inc': 'h A 192.0.2.7\n@ TXT "of the origin"\n',
  'origin.inc': '$ORIGIN moved.test.\n$TTL 9\nx A 192.0.2.8\n',
  'ttl.inc': 'h 7 A 192.0.2.7\n',
  'alias.inc': 'h CNAME w\n',
  'broken.inc': '\n\nh A 192.0.2.999\n',
  'loop.inc': '$INCLUDE loop.inc\n',
  'one.inc': '$INCLUDE two.inc\n',
  'two.inc': '$INCLUDE one.inc\n',
}
const include: IncludeReader = (name) =>
  FILES[name] === undefined ? { ok: false, reason: 'there is no such file' } : { ok: true, text: FILES[name] }

const read = (text: string) => {
  const { records, issues } = parseZoneFile(text, ORIGIN, 'z.zone', include)
  return {
    records: records.map(
      (record) => `${formatName(record.owner)} ${record.ttlSeconds} ${typeWord(record.type)} ${formatRdata(record.type, record.rdata)}`,
    ),
    issues: issues.map((issue) => `${issue.file}:${issue.line}:${issue.column} ${issue.code}`),
    raw: { records, issues },
  }
}

const GOOD: readonly [title: string, text: string, records: readonly string[]][] = [
  ['a byte order mark', '\uFEFFa 60 A 192.0.2.1', ['a.example.test. 60 A 192.0.2.1']],
  [
    'owners: relative, absolute, @, omitted',
    '$TTL 5\na A 192.0.2.1\nb.x. A 192.0.2.2\n@ A 192.0.2.3\n  A 192.0.2.4',
    ['a.example.test. 5 A 192.0.2.1', 'b.x. 5 A 192.0.2.2', 'example.test. 5 A 192.0.2.3', 'example.test. 5 A 192.0.2.4'],
  ],
  ['owners are lower-cased, data keep their case', '$TTL 5\nWWW CNAME Mixed.Case.', ['www.example.test. 5 CNAME Mixed.Case.']],
  ['an escaped dollar is an owner', '$TTL 5\n\\$x A 192.0.2.1', ['\\$x.example.test. 5 A 192.0.2.1']],
  [
    'TTL and class in either order, or none',
    '$TTL 5\na 1 IN A 192.0.2.1\na IN 2 A 192.0.2.1\na IN A 192.0.2.1\na 3 A 192.0.2.1\na in a 192.0.2.1\na CLASS1 A 192.0.2.1',
    [
      'a.example.test. 1 A 192.0.2.1',
      'a.example.test. 2 A 192.0.2.1',
      'a.example.test. 5 A 192.0.2.1',
      'a.example.test. 3 A 192.0.2.1',
      'a.example.test. 5 A 192.0.2.1',
      'a.example.test. 5 A 192.0.2.1',
    ],
  ],
  ['TTL units', '$TTL 1h30m\na A 192.0.2.1\nb 2d A 192.0.2.1', ['a.example.test. 5400 A 192.0.2.1', 'b.example.test. 172800 A 192.0.2.1']],
  [
    'without $TTL the TTL before it holds',
    'a 7 A 192.0.2.1\nb A 192.0.2.2',
    ['a.example.test. 7 A 192.0.2.1', 'b.example.test. 7 A 192.0.2.2'],
  ],
  [
    '$TTL is stronger than the TTL before it, and may change',
    '$TTL 5\na 7 A 192.0.2.1\nb A 192.0.2.2\n$TTL 6\nc A 192.0.2.3',
    ['a.example.test. 7 A 192.0.2.1', 'b.example.test. 5 A 192.0.2.2', 'c.example.test. 6 A 192.0.2.3'],
  ],
  [
    'an SOA over several lines',
    '$TTL 5\n@ IN SOA ns1 admin.x. (\n  2026112101 ; serial\n  1h 10m 1w 60 )',
    ['example.test. 5 SOA ns1.example.test. admin.x. 2026112101 3600 600 604800 60'],
  ],
  [
    '$ORIGIN, relative and absolute',
    '$TTL 5\n$ORIGIN sub\na A 192.0.2.1\n$ORIGIN other.\na A 192.0.2.1\n$origin deep\n@ A 192.0.2.1',
    ['a.sub.example.test. 5 A 192.0.2.1', 'a.other. 5 A 192.0.2.1', 'deep.other. 5 A 192.0.2.1'],
  ],
  [
    'an omitted owner keeps the old origin',
    '$TTL 5\na A 192.0.2.1\n$ORIGIN x.\n A 192.0.2.2',
    ['a.example.test. 5 A 192.0.2.1', 'a.example.test. 5 A 192.0.2.2'],
  ],
  [
    '$INCLUDE',
    '$TTL 5\n$INCLUDE hosts.inc\nb A 192.0.2.1',
    ['h.example.test. 5 A 192.0.2.7', 'example.test. 5 TXT "of the origin"', 'b.example.test. 5 A 192.0.2.1'],
  ],
  [
    '$INCLUDE with an origin',
    '$TTL 5\n$INCLUDE hosts.inc sub',
    ['h.sub.example.test. 5 A 192.0.2.7', 'sub.example.test. 5 TXT "of the origin"'],
  ],
  [
    'an origin keeps its letters in data, by $ORIGIN and by $INCLUDE',
    '$TTL 5\n$INCLUDE alias.inc Sub.X.\n$ORIGIN Sub.X.\na CNAME b',
    ['h.sub.x. 5 CNAME w.Sub.X.', 'a.sub.x. 5 CNAME b.Sub.X.'],
  ],
  [
    'the origin of an included file stays in it, its $TTL goes on',
    '$TTL 5\n$INCLUDE origin.inc\nb A 192.0.2.1',
    ['x.moved.test. 9 A 192.0.2.8', 'b.example.test. 9 A 192.0.2.1'],
  ],
  [
    'the TTL of the last record of an included file goes on, without $TTL',
    '$INCLUDE ttl.inc\nb A 192.0.2.1',
    ['h.example.test. 7 A 192.0.2.7', 'b.example.test. 7 A 192.0.2.1'],
  ],
  [
    'a type without a form of its own (RFC 3597)',
    '$TTL 5\na TYPE65535 \\# 1 00\na TYPE731 \\# 2 abcd\na HTTPS \\# 3 000100',
    ['a.example.test. 5 TYPE65535 \\# 1 00', 'a.example.test. 5 TYPE731 \\# 2 abcd', 'a.example.test. 5 HTTPS 1 .'],
  ],
  [
    'a known type as TYPEnnn',
    '$TTL 5\na TYPE1 \\# 4 c0000201\na TYPE1 192.0.2.2',
    ['a.example.test. 5 A 192.0.2.1', 'a.example.test. 5 A 192.0.2.2'],
  ],
  [
    '$GENERATE: the number, shifted, padded, in other bases, and a dollar',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: $GENERATE writes its modifiers so
    '$TTL 5\n$GENERATE 1-5/2 h$ A 192.0.2.$\n$GENERATE 10-10 ${-8,3,d}.${0,2,x}.${0,0,X}.${0,0,o} TXT "\\$ $$ $"\n$GENERATE 18-18 ${0,3,n} PTR h-$.x.',
    [
      'h1.example.test. 5 A 192.0.2.1',
      'h3.example.test. 5 A 192.0.2.3',
      'h5.example.test. 5 A 192.0.2.5',
      '002.0a.a.12.example.test. 5 TXT "$ $ 10"',
      '2.1.example.test. 5 PTR h-18.x.',
    ],
  ],
  ['$GENERATE with TTL and class', '$GENERATE 1-1 a$ 7 IN MX $ m$', ['a1.example.test. 7 MX 1 m1.example.test.']],
  ['parameters of services with quotes', '$TTL 5\na SVCB 1 . alpn="h2,h3" port=1', ['a.example.test. 5 SVCB 1 . alpn=h2,h3 port=1']],
  ['the largest TTL', 'a 2147483647 A 192.0.2.1', ['a.example.test. 2147483647 A 192.0.2.1']],
]

describe('parseZoneFile', () => {
  for (const [title, text, records] of GOOD) {
    test(title, () => {
      const got = read(text)
      assert.deepEqual(got.issues, [])
      assert.deepEqual(got.records, records)
    })
  }

  test('records know the line they begin on', () => {
    assert.deepEqual(
      read('$TTL 5\n\na TXT (\n "x" )\nb A 192.0.2.1').raw.records.map(({ line }) => line),
      [3, 5],
    )
  })
})

const BAD: readonly [title: string, text: string, issues: readonly string[], records?: number][] = [
  ['no TTL at all', 'a A 192.0.2.1', ['z.zone:1:3 ZONE_NO_TTL']],
  ['an SOA does not lend its minimum', '@ SOA a b 1 2 3 4 50', ['z.zone:1:3 ZONE_NO_TTL']],
  ['no owner at all', '  5 A 192.0.2.1', ['z.zone:1:3 ZONE_NO_OWNER']],
  [
    'a bad owner: those that inherit it are not put elsewhere',
    '$TTL 5\nok A 192.0.2.1\na..b A 192.0.2.1\n A 192.0.2.2',
    ['z.zone:3:1 ZONE_BAD_NAME', 'z.zone:4:2 ZONE_NO_OWNER'],
    1,
  ],
  ['another class', 'a CH TXT "x"', ['z.zone:1:3 ZONE_CLASS']],
  ['a class by number', 'a 5 CLASS3 TXT "x"', ['z.zone:1:5 ZONE_CLASS']],
  ['a TTL over 2^31-1', 'a 2147483648 A 192.0.2.1', ['z.zone:1:3 ZONE_BAD_TTL']],
  ['a TTL that is none', 'a 5x A 192.0.2.1', ['z.zone:1:3 ZONE_BAD_TTL']],
  ['two TTLs', 'a 5 6 A 192.0.2.1', ['z.zone:1:5 ZONE_UNKNOWN_TYPE']],
  ['an owner alone', 'a', ['z.zone:1:1 ZONE_SYNTAX']],
  ['no type', 'a 5 IN', ['z.zone:1:5 ZONE_SYNTAX']],
  ['an unknown type', 'a 5 AAA 192.0.2.1', ['z.zone:1:5 ZONE_UNKNOWN_TYPE']],
  ['a quoted type', 'a 5 "A" 192.0.2.1', ['z.zone:1:5 ZONE_UNKNOWN_TYPE']],
  [
    'types that cannot be stored',
    'a 5 ANY x\na 5 TYPE41 \\# 0\na 5 TYPE0 \\# 0\na 5 AXFR x\na 5 TYPE128 \\# 0',
    [
      'z.zone:1:5 ZONE_META_TYPE',
      'z.zone:2:5 ZONE_META_TYPE',
      'z.zone:3:5 ZONE_META_TYPE',
      'z.zone:4:5 ZONE_META_TYPE',
      'z.zone:5:5 ZONE_META_TYPE',
    ],
  ],
  ['bad data: the place of the data', 'a 5 A 192.0.2.256\na 5 MX 10', ['z.zone:1:7 ZONE_BAD_DATA', 'z.zone:2:8 ZONE_BAD_DATA']],
  [
    'numbers behind a backslash have three digits',
    'a 5 TXT \\1 "\\07"\na\\1b 5 A 192.0.2.1',
    ['z.zone:1:9 ZONE_BAD_DATA', 'z.zone:2:1 ZONE_BAD_NAME'],
  ],
  ['a class twice', 'a IN IN 5 A 192.0.2.1\na IN 5 CLASS1 A 192.0.2.1', ['z.zone:1:6 ZONE_SYNTAX', 'z.zone:2:8 ZONE_SYNTAX']],
  ['no data: the place of the type', 'a 5 A', ['z.zone:1:5 ZONE_BAD_DATA']],
  ['a directive that is none', '$DATE 1-2', ['z.zone:1:1 ZONE_SYNTAX']],
  ['a word too many', '$TTL 5 6\n$ORIGIN a b', ['z.zone:1:8 ZONE_SYNTAX', 'z.zone:2:11 ZONE_SYNTAX']],
  [
    'directives without argument',
    '$TTL\n$ORIGIN\n$INCLUDE',
    ['z.zone:1:1 ZONE_SYNTAX', 'z.zone:2:1 ZONE_SYNTAX', 'z.zone:3:1 ZONE_SYNTAX'],
  ],
  ['a $TTL that is none', '$TTL soon\n$TTL 2147483648', ['z.zone:1:6 ZONE_BAD_TTL', 'z.zone:2:6 ZONE_BAD_TTL']],
  ['an $ORIGIN that is none', '$TTL 5\n$ORIGIN a..b\na A 192.0.2.1', ['z.zone:2:9 ZONE_BAD_NAME'], 1],
  ['an $INCLUDE that is not there', '$INCLUDE no.inc', ['z.zone:1:10 ZONE_INCLUDE']],
  ['an $INCLUDE with a bad origin', '$INCLUDE hosts.inc a..b', ['z.zone:1:20 ZONE_BAD_NAME']],
  ['a problem inside an included file is named there', '$TTL 5\n$INCLUDE broken.inc\nb A 192.0.2.1', ['broken.inc:3:5 ZONE_BAD_DATA'], 1],
  ['a $GENERATE without data', '$GENERATE 1-2 a A', ['z.zone:1:1 ZONE_GENERATE']],
  [
    'a $GENERATE of a range that is none',
    '$GENERATE 2-1 a A 1\n$GENERATE 1-2/0 a A 1\n$GENERATE x a A 1',
    ['z.zone:1:11 ZONE_GENERATE', 'z.zone:2:11 ZONE_GENERATE', 'z.zone:3:11 ZONE_GENERATE'],
  ],
  ['a $GENERATE of too many', '$GENERATE 0-65536 a A 192.0.2.1', ['z.zone:1:11 ZONE_GENERATE']],
  [
    'a $GENERATE with a modifier that is none',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: $GENERATE writes its modifiers so
    '$GENERATE 1-2 a${x} A 192.0.2.1\n$GENERATE 1-2 a${-5} A 192.0.2.1',
    ['z.zone:1:15 ZONE_GENERATE', 'z.zone:2:15 ZONE_GENERATE'],
  ],
  ['a $GENERATE stops at its first fault', '$TTL 5\n$GENERATE 254-900 a A 192.0.2.$', ['z.zone:2:23 ZONE_BAD_DATA'], 2],
  [
    'the word at fault, not the first',
    '$TTL 5\na MX 10 b..c\na SRV 1 2 x t\na CAA 0 issue "x" y',
    ['z.zone:2:9 ZONE_BAD_DATA', 'z.zone:3:11 ZONE_BAD_DATA', 'z.zone:4:19 ZONE_BAD_DATA'],
  ],
  ['files that include each other', '$INCLUDE one.inc', ['two.inc:1:1 ZONE_INCLUDE']],
  ['a file that includes itself', '$INCLUDE loop.inc', ['loop.inc:1:1 ZONE_INCLUDE']],
  ['a quote without end: the records around it are read', '$TTL 5\na A 192.0.2.1\nb TXT "x\nc A 192.0.2.2', ['z.zone:3:7 ZONE_SYNTAX'], 2],
  ['a parenthesis without end', '$TTL 5\na TXT ( "x"\nb A 192.0.2.2', ['z.zone:2:7 ZONE_SYNTAX']],
]

describe('parseZoneFile: problems with their places, all at once', () => {
  for (const [title, text, issues, records = 0] of BAD) {
    test(title, () => {
      const got = read(text)
      assert.deepEqual(got.issues, issues)
      assert.equal(got.records.length, records)
      for (const { severity, message, suggestion } of got.raw.issues) {
        assert.equal(severity, 'error')
        assert.ok(message !== '' && suggestion !== '')
      }
    })
  }

  test('what an operator reads', () => {
    const [issue] = read('$TTL 5\nwww A 192.0.2.256').raw.issues
    assert.deepEqual(issue, {
      code: 'ZONE_BAD_DATA',
      severity: 'error',
      message: '"192.0.2.256" is not an IPv4 address',
      suggestion: 'correct the data of the A record',
      file: 'z.zone',
      line: 2,
      column: 7,
    })
  })

  test('a file of 1,000 errors: all of them are reported', () => {
    const { raw } = read(`$TTL 5\n${'a A x\n'.repeat(1000)}`)
    assert.deepEqual(
      raw.issues.map(({ code, line, column }) => `${code} ${line}:${column}`),
      Array.from({ length: 1000 }, (_, i) => `ZONE_BAD_DATA ${i + 2}:5`),
    )
  })

  test('after the limit the rest is counted', () => {
    const { raw } = read('a A x\n'.repeat(MAX_ZONE_ISSUES + 5))
    assert.equal(raw.issues.length, MAX_ZONE_ISSUES + 1)
    assert.deepEqual([raw.issues.at(-1)!.code, raw.issues.at(-1)!.message], ['ZONE_TOO_MANY_ISSUES', '5 more problems are not shown'])
  })
})
