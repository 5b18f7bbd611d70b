/**
 * Master files beside BIND, Knot and NSD (Debian: bind9-utils, knot-dnssecutils, nsd, ldnsutils): what two of three refuse is refused,
 * what two of three take is taken, exceptions listed with their reason; and each type's text as BIND and ldns write it is read to the
 * same octets.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { formatName, parseName } from '../../resolver/wire/name.ts'
import { formatRdata } from '../../resolver/wire/rdata/rdata-text.ts'
import { findType, typeWord } from '../../resolver/wire/registry.ts'
import { compileZones } from '../../resolver/zone/compile-zones.ts'
import { parseZoneFile, readZoneFile } from '../../resolver/zone/zone-file-parser.ts'
import type { ZoneIssue } from '../../resolver/zone/zone-record.ts'
import { RDATA_ROWS } from '../support/rdata-rows.ts'
import { PROPERTY_SEED } from '../support/synthetic-arbitraries.ts'

const folder = mkdtempSync(join(tmpdir(), 'nearcast-zones-'))
after(() => rmSync(folder, { recursive: true }))
const FILE = join(folder, 'zone')
const run = (command: string, ...args: string[]) => spawnSync(command, args, { cwd: folder, encoding: 'utf8' })

const ORIGIN = parseName('example.')
const TOP = '$TTL 300\n@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n'
const DIGEST = 'ab'.repeat(32)

function issuesOf(text: string): readonly ZoneIssue[] {
  const { table, issues } = readZoneFile(text, ORIGIN, 'zone', (name) =>
    name === 'zone' ? { ok: true, text } : { ok: false, reason: 'there is no such file' },
  )
  return [...issues, ...compileZones([{ origin: ORIGIN, records: [], table, useClientSubnet: true, file: 'zone' }], []).issues]
}

/** Title, zone, and for exceptions: what we do and why. */
const ZONES: readonly [title: string, text: string, exception?: readonly ['taken' | 'refused', reason: string]][] = [
  ['good', `${TOP}www A 192.0.2.1\n`],
  [
    'no ttl at all',
    '@ SOA ns1 host 1 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n',
    ['refused', 'RFC 2308 §4: the minimum of the SOA is no default; the zone says so in no place'],
  ],
  ['no soa', '$TTL 5\n@ NS ns1\nns1 A 192.0.2.1\n'],
  ['no ns', '$TTL 5\n@ SOA a b 1 2 3 4 5\n'],
  ['two soa', `${TOP}@ SOA ns1 host 2 3600 600 86400 60\n`],
  ['soa below', `${TOP}a SOA ns1 host 2 3600 600 86400 60\n`],
  ['out of zone', `${TOP}a.other. A 192.0.2.1\n`, ['refused', 'others drop the record: what an operator wrote is not served']],
  ['cname beside', `${TOP}a CNAME b\na A 192.0.2.1\n`],
  ['cname+rrsig', `${TOP}a CNAME b\na NSEC b CNAME\n`],
  ['two cname', `${TOP}a CNAME b\na CNAME c\n`],
  ['dup cname', `${TOP}a CNAME b\na CNAME b\n`],
  ['two dname', `${TOP}a DNAME b.\na DNAME c.\n`],
  ['dname + child', `${TOP}a DNAME b.\nx.a A 192.0.2.1\n`, ['taken', 'as BIND: the data are occluded (RFC 6672 §3.2), with a warning']],
  ['dname+ns', `${TOP}a DNAME b.\na NS ns1\n`, ['refused', 'RFC 6672 §2.3: the names below would be delegated and redirected']],
  ['dname apex', `${TOP}@ DNAME b.\n`, ['taken', 'as above; BIND refuses name servers below it alone']],
  ['dname+cname', `${TOP}a DNAME b.\na CNAME c.\n`],
  ['missing glue cut', `${TOP}sub NS ns.sub\n`],
  ['missing apex ns addr', '$TTL 5\n@ SOA a b 1 2 3 4 5\n@ NS ns9\n', ['taken', 'a warning: the address may come from a steered name']],
  [
    'ns cname',
    '$TTL 5\n@ SOA a b 1 2 3 4 5\n@ NS ns9\nns9 CNAME x\nx A 192.0.2.1\n',
    ['taken', 'a warning (RFC 2181 §10.3): resolvers differ, the zone is served'],
  ],
  ['mx cname', `${TOP}@ MX 10 m\nm CNAME ns1\n`],
  ['srv cname', `${TOP}_x._tcp SRV 1 2 3 m\nm CNAME ns1\n`],
  ['ttl differ', `${TOP}a 5 A 192.0.2.1\na 6 A 192.0.2.2\n`],
  ['ttl too large', `${TOP}a 2147483648 A 192.0.2.1\n`, ['refused', 'RFC 2181 §8: others set it to 0 or wrap it']],
  ['ttl max', `${TOP}a 2147483647 A 192.0.2.1\n`],
  ['dup record', `${TOP}a A 192.0.2.1\na A 192.0.2.1\n`],
  ['wildcard ns', `${TOP}*.w NS ns1\n`],
  ['wildcard dname', `${TOP}*.w DNAME x.\n`],
  ['ds without ns', `${TOP}a DS 1 8 2 ${DIGEST}\n`],
  ['ds at apex', `${TOP}@ DS 1 8 2 ${DIGEST}\n`],
  ['nsec3param below', `${TOP}a NSEC3PARAM 1 0 0 -\n`],
  ['occluded txt', `${TOP}sub NS ns1\nx.sub TXT "x"\n`],
  ['crlf', `${TOP.replaceAll('\n', '\r\n')}a A 192.0.2.1\r\n`],
  ['tabs', `${TOP}a\tIN\tA\t192.0.2.1\n`],
  ['no final newline', `${TOP}a A 192.0.2.1`],
  ['bom', `\ufeff${TOP}`, ['taken', 'editors write it; it is no part of the first name']],
  ['class ttl', `${TOP}a IN 5 A 192.0.2.1\nb 5 IN A 192.0.2.1\n`],
  ['ch', `${TOP}a CH TXT "x"\n`],
  ['units', `${TOP}a 1h30m A 192.0.2.1\nb 1w2d A 192.0.2.1\n`],
  ['generate', `${TOP}$GENERATE 1-20/2 h-\${0,3,d} A 192.0.2.$\n`, ['taken', 'BIND has it']],
  ['generate nibble', `${TOP}$GENERATE 1-20 \${0,4,n}.x PTR h$.y.\n`],
  ['quote open', `${TOP}a TXT "x\n`],
  ['paren open', `${TOP}a TXT ( "x"\n`],
  ['label 64', `${TOP + 'x'.repeat(64)} A 192.0.2.1\n`],
  ['label 63', `${TOP + 'x'.repeat(63)} A 192.0.2.1\n`],
  ['bad a', `${TOP}a A 192.0.2.300\n`],
  ['bad aaaa', `${TOP}a AAAA 1:2\n`],
  ['type unknown', `${TOP}a FOO x\n`],
  ['type65534', `${TOP}a TYPE65534 \\# 3 abcdef\n`],
  ['known as generic', `${TOP}a A \\# 4 c0000201\n`],
  ['known as generic bad', `${TOP}a A \\# 3 c00002\n`],
  ['class1', `${TOP}a CLASS1 TYPE1 \\# 4 c0000201\n`],
  ['txt 256', `${TOP}a TXT "${'x'.repeat(256)}"\n`],
  ['txt empty', `${TOP}a TXT ""\n`],
  ['txt none', `${TOP}a TXT\n`],
  ['escape \\300', `${TOP}a TXT "\\300"\n`],
  ['owner escape', `${TOP}a\\.b A 192.0.2.1\nc\\032d A 192.0.2.1\n`],
  ['any', `${TOP}a ANY x\n`],
  ['null', `${TOP}a NULL \\# 1 00\n`],
  ['svcb', `${TOP}a SVCB 1 . alpn=h2 port=8443 ipv4hint=192.0.2.1\n`],
  ['svcb quoted', `${TOP}a HTTPS 1 . alpn="h2,h3" key667="he llo"\n`],
  ['svcb dup', `${TOP}a SVCB 1 . port=1 port=2\n`],
  ['svcb alias params', `${TOP}a SVCB 0 b. port=1\n`],
  ['svcb nda', `${TOP}a SVCB 1 . no-default-alpn\n`, ['refused', 'RFC 9460 §7.1.1']],
  ['svcb mand', `${TOP}a SVCB 1 . mandatory=alpn port=1\n`],
  ['ds short', `${TOP}s NS ns1\ns DS 1 8 2 abcd\n`],
  ['caa', `${TOP}@ CAA 0 issue "ca.x"\n@ CAA 0 is-sue "x"\n`],
  ['caa ok', `${TOP}@ CAA 0 issue "ca.x"\n`],
  ['mx not number', `${TOP}@ MX x y\n`],
  ['extra word', `${TOP}a A 192.0.2.1 x\n`],
  ['owner only', `${TOP}a\n`],
  ['underscore', `${TOP}_a A 192.0.2.1\na_b A 192.0.2.1\n`],
  ['mx ip', `${TOP}@ MX 10 192.0.2.1\n`],
  ['loc', `${TOP}a LOC 42 21 54 N 71 06 18 W -24m 30m\n`],
  ['sshfp short', `${TOP}a SSHFP 1 1 ab\n`, ['refused', 'RFC 4255 §3.1.3: the length is that of the hash']],
  ['dnskey at sub', `${TOP}a DNSKEY 256 3 8 AAAA\n`],
  ['zonemd below', `${TOP}a ZONEMD 1 1 1 ${'ab'.repeat(48)}\n`],
  ['origin', `${TOP}$ORIGIN sub\na A 192.0.2.1\n@ A 192.0.2.1\n`, ['taken', 'RFC 1035 §5.1: the name behind $ORIGIN may be relative']],
  ['ttl directive big', `$TTL 3000000000\n${TOP}`, ['refused', 'RFC 2181 §8']],
  ['include loop', `${TOP}$INCLUDE zone\n`],
  ['include none', `${TOP}$INCLUDE nothere\n`],
  ['empty nsec', `${TOP}a NSEC b.\n`, ['refused', 'RFC 4034 §4.1.2: NSEC names itself at least']],
  ['blank owner first', `  5 A 192.0.2.1\n${TOP}`],
  ['txt many', `${TOP}a TXT a b c "d e"\n`],
  ['rp relative', `${TOP}a RP x y\n`],
  ['aaaa v4', `${TOP}a AAAA ::ffff:192.0.2.1\n`],
  ['a leading zero', `${TOP}a A 192.0.02.1\n`],
  ['cert mnemonic', `${TOP}a CERT PKIX 1 RSASHA256 AAAA\n`],
  ['dnskey mnemonic', `${TOP}@ DNSKEY 256 3 RSASHA256 AAAA\n`],
  ['key extra base64 words', `${TOP}@ DNSKEY 256 3 8 AA AA AAAA\n`],
  ['numeric time', `${TOP}a RRSIG A 8 2 60 1700000000 1600000000 1 example. AAAA\n`],
  ['apl', `${TOP}a APL 1:192.0.2.0/24 !2:2001:db8::/32\n`],
  ['hinfo unquoted one', `${TOP}a HINFO x\n`],
  ['eui', `${TOP}a EUI48 00-00-5e-00-53-2a\n`],
  ['soa units', '$TTL 5\n@ SOA ns1 h 1 1h 10m 1w 1d\n@ NS ns1\nns1 A 192.0.2.1\n'],
  ['serial big', '$TTL 5\n@ SOA ns1 h 4294967296 1h 10m 1w 1d\n@ NS ns1\nns1 A 192.0.2.1\n'],
  ['cname apex', `${TOP}@ CNAME x.\n`],
  ['uppercase', `${TOP}A a 192.0.2.1\n`],
  ['dollar owner', `${TOP}\\$x A 192.0.2.1\n`],
  ['semicolon in txt', `${TOP}a TXT "a;b"\na TXT a\\;b\n`],
  ['paren in middle', `${TOP}a (\n A\n 192.0.2.1 )\n`],
  ['ttl 0', `${TOP}a 0 A 192.0.2.1\n`],
  ['negative ttl', `${TOP}a -1 A 192.0.2.1\n`],
  ['double dot', `${TOP}a..b A 192.0.2.1\n`],
  ['name 255', `${TOP + `${'a'.repeat(60)}.`.repeat(4)} A 192.0.2.1\n`, ['refused', 'others drop records that are out of the zone']],
]

describe('zones are taken and refused like by most of BIND, Knot and NSD', () => {
  for (const [title, text, exception] of ZONES) {
    test(title, () => {
      writeFileSync(FILE, text)
      const verdicts = [
        run('named-checkzone', 'example', 'zone'),
        run('kzonecheck', '-o', 'example', 'zone'),
        run('nsd-checkzone', 'example', 'zone'),
      ]
      for (const { error } of verdicts) assert.equal(error, undefined)
      const majority = verdicts.filter(({ status }) => status === 0).length >= 2 ? 'taken' : 'refused'
      const issues = issuesOf(text)
      const ours = issues.some(({ severity }) => severity === 'error') ? 'refused' : 'taken'
      assert.equal(ours, exception?.[0] ?? majority, JSON.stringify(issues))
      assert.equal(exception === undefined || majority !== ours, true, 'no exception any more: strike it out')
    })
  }
})

describe('generated zones', () => {
  // Without what is among the exceptions: DNAME, names out of the zone, missing addresses of name servers.
  const line = fc
    .tuple(
      fc.constantFrom('@', 'a', 'A', 'b', 'a.b', '*', '*.b', 'c.b.a', 'x_y', 'ns1'),
      fc.constantFrom('', '60', '1h', 'IN 60', '60 IN'),
      fc.constantFrom(
        ...[
          'A 192.0.2.1',
          'A 192.0.2.2',
          'A 192.0.2.256',
          'AAAA 2001:db8::1',
          'CNAME a',
          'CNAME b.',
          'TXT "x"',
          'TXT x y',
          'MX 10 a',
          'MX a',
        ],
        ...[
          'SRV 1 2 3 a',
          'CAA 0 issue ""',
          'TYPE65280 \\# 1 00',
          'SOA a b 1 2 3 4 5',
          'HINFO a b',
          'LOC 1 N 1 E 0m',
          'NAPTR 1 1 "" "" "" .',
          'FOO x',
        ],
      ),
    )
    .map((words) => words.join(' '))
  const zones = fc.sample(fc.array(line, { maxLength: 7 }), { seed: PROPERTY_SEED, numRuns: 150 })
  test(`${zones.length} of them`, () => {
    for (const lines of zones) {
      const text = `${TOP}${lines.join('\n')}\n`
      writeFileSync(FILE, text)
      const verdicts = [
        run('named-checkzone', '-i', 'none', 'example', 'zone'),
        run('kzonecheck', '-o', 'example', 'zone'),
        run('nsd-checkzone', 'example', 'zone'),
      ]
      const majority = verdicts.filter(({ status }) => status === 0).length >= 2 ? 'taken' : 'refused'
      const issues = issuesOf(text)
      const ours = issues.some(({ severity }) => severity === 'error') ? 'refused' : 'taken'
      assert.equal(
        ours,
        majority,
        `${text}\n${JSON.stringify(issues)}\n${verdicts.map(({ stdout, stderr }) => stdout + stderr).join('\n')}`,
      )
    }
  })
})

/** Types that BIND 9.18 or ldns 1.8 do not know, or write in a form that is not that of the RFC. */
const UNKNOWN_TO: Readonly<Record<string, ReadonlySet<string>>> = {
  'named-compilezone': new Set([...['DSYNC', 'HHIT', 'BRID', 'RESINFO', 'WALLET', 'CLA', 'IPN', 'MD', 'MF'], 'with ohttp']),
  'ldns-read-zone': new Set([
    ...['AMTRELAY', 'AVC', 'BRID', 'CLA', 'DOA', 'DSYNC', 'HHIT', 'IPN', 'NINFO', 'RESINFO', 'RKEY', 'TA', 'WALLET'],
    'with ohttp',
  ]),
}

function isKnownTo(command: string, type: string, words: string): boolean {
  const unknown = UNKNOWN_TO[command]!
  return type !== 'SOA' && !unknown.has(type) && !(words.includes('ohttp') && unknown.has('with ohttp'))
}

describe('each type as other software writes it', () => {
  const writers: readonly [command: string, args: readonly string[]][] = [
    ['named-compilezone', ['-q', '-i', 'none', '-k', 'ignore', '-s', 'full', '-o', '-', 'example.com', 'zone']],
    ['ldns-read-zone', ['zone']],
  ]
  for (const [command, args] of writers) {
    for (const [rfc, type, words, wire] of RDATA_ROWS) {
      if (!isKnownTo(command, type, words)) continue
      test(`${command}: ${type} (${rfc})`, () => {
        const owner = `x.example.com.`
        writeFileSync(FILE, `$ORIGIN example.com.\n$TTL 60\n@ SOA ns.else. h.else. 1 2 3 4 5\n@ NS ns.else.\n${owner} ${type} ${words}\n`)
        const { stdout, stderr, status } = run(command, ...args)
        assert.equal(status, 0, stderr)
        const { records, issues } = parseZoneFile(stdout, parseName('example.com.'), 'out', () => ({ ok: false, reason: 'none' }))
        assert.deepEqual(issues, [], stdout)
        const found = records.filter((record) => formatName(record.owner) === owner)
        assert.deepEqual(
          found.map((record) => `${typeWord(record.type)} ${Buffer.from(record.rdata).toString('hex')}`),
          [`${type} ${wire}`],
          stdout,
        )
      })
    }
  }

  test('our text of all types is read by BIND', () => {
    const rows = RDATA_ROWS.filter(([, type, words]) => isKnownTo('named-compilezone', type, words))
    const text = rows.map(
      ([, type, , wire], i) => `x${i}.example.com. 60 ${type} ${formatRdata(findType(type)!, Uint8Array.from(Buffer.from(wire, 'hex')))}`,
    )
    writeFileSync(FILE, `$TTL 60\n@ SOA ns.else. h.else. 1 2 3 4 5\n@ NS ns.else.\n${text.join('\n')}\n`)
    const { status, stdout, stderr } = run('named-compilezone', '-q', '-i', 'none', '-k', 'ignore', '-o', '-', 'example.com', 'zone')
    assert.equal(status, 0, stdout + stderr)
  })
})
