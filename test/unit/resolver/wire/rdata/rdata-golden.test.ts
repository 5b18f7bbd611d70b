/**
 * One row a type, from the examples of the RFCs: what a master file says, the octets, and the canonical text. The suite asks for a row
 * of every type of the registry.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseName } from '../../../../../resolver/wire/name.ts'
import { RDATA_TYPES } from '../../../../../resolver/wire/rdata/rdata-registry.ts'
import { formatGenericRdata, formatRdata, parseRdata, RdataError, splitRdata } from '../../../../../resolver/wire/rdata/rdata-text.ts'
import { canonicalRdata } from '../../../../../resolver/wire/rdata/rdata-wire.ts'
import { findType } from '../../../../../resolver/wire/registry.ts'

const ORIGIN = parseName('example.com.')
const parse = (type: string, text: string): Uint8Array => parseRdata(findType(type)!, splitRdata(text), ORIGIN)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const text = (value: string): string => hex(Buffer.from(value, 'latin1'))
/** A name in wire form. */
const name = (value: string): string => hex(parseName(value))
const base64 = (value: string): string => hex(Buffer.from(value, 'base64'))

const KEY =
  'AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w=='
const SIGNATURE =
  'oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o='
const HIP_KEY =
  'AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D'

const ROWS: readonly [rfc: string, type: string, text: string, wire: string, canonical?: string][] = [
  ['1035 §3.4.1', 'A', '10.1.0.52', '0a010034'],
  ['3596 §2.2', 'AAAA', '4321:0:1:2:3:4:567:89ab', '432100000001000200030004056789ab', '4321:0:1:2:3:4:567:89ab'],
  ['1035 §3.3.11', 'NS', 'VENERA.ISI.EDU.', name('VENERA.ISI.EDU.')],
  ['1035 §3.3.1', 'CNAME', 'a', name('a.example.com.'), 'a.example.com.'],
  ['1035 §3.3.12', 'PTR', 'ACC.ARPA.', name('ACC.ARPA.')],
  ['1035 §3.3.9', 'MX', '10 VENERA', `000a${name('VENERA.example.com.')}`, '10 VENERA.example.com.'],
  [
    '1035 §5.3',
    'SOA',
    'VENERA Action\\.domains 20 7200 600 3600000 60',
    `${name('VENERA.example.com.')}${name('Action\\.domains.example.com.')}0000001400001c20000002580036ee800000003c`,
    'VENERA.example.com. Action\\.domains.example.com. 20 7200 600 3600000 60',
  ],
  ['1035 §3.3.14', 'TXT', '"v=spf1 -all" x', `0b${text('v=spf1 -all')}0178`, '"v=spf1 -all" "x"'],
  ['2782', 'SRV', '0 1 9 old-slow-box', `000000010009${name('old-slow-box.example.com.')}`, '0 1 9 old-slow-box.example.com.'],
  ['8659 §4.1.1', 'CAA', '0 issue "ca1.example.net; account=230123"', `0005${text('issueca1.example.net; account=230123')}`],
  ['1035 §3.3.4', 'MD', 'a.', name('a.')],
  ['1035 §3.3.5', 'MF', 'a.', name('a.')],
  ['1035 §3.3.3', 'MB', 'a.', name('a.')],
  ['1035 §3.3.6', 'MG', 'a.', name('a.')],
  ['1035 §3.3.8', 'MR', 'a.', name('a.')],
  ['1035 §3.4.2', 'WKS', '10.0.0.1 TCP telnet smtp 80', '0a000001060000014000000000000080', '10.0.0.1 6 23 25 80'],
  ['1035 §3.3.2', 'HINFO', 'PDP-11/70 UNIX', `09${text('PDP-11/70')}04${text('UNIX')}`, '"PDP-11/70" "UNIX"'],
  ['1035 §3.3.7', 'MINFO', 'a. b.', `${name('a.')}${name('b.')}`],
  ['1183 §2.2', 'RP', 'louie.trantor.umd.edu. LAM1.people.umd.edu.', `${name('louie.trantor.umd.edu.')}${name('LAM1.people.umd.edu.')}`],
  ['1183 §1', 'AFSDB', '1 jack.toaster.com.', `0001${name('jack.toaster.com.')}`],
  ['1183 §3.1', 'X25', '311061700956', `0c${text('311061700956')}`, '"311061700956"'],
  ['1183 §3.2', 'ISDN', '150862028003217', `0f${text('150862028003217')}`, '"150862028003217"'],
  ['1183 §3.2, with a subaddress', 'ISDN', '150862028003217 004', `0f${text('150862028003217')}03303034`, '"150862028003217" "004"'],
  ['1183 §3.3', 'RT', '2 Relay.Prime.COM.', `0002${name('Relay.Prime.COM.')}`],
  [
    '1706 §5',
    'NSAP',
    '0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00',
    '47000580005a0000000001e133ffffff00016100',
    '0x47000580005a0000000001e133ffffff00016100',
  ],
  ['1348', 'NSAP-PTR', 'foo.', name('foo.')],
  [
    '2535 §4',
    'SIG',
    `A 1 3 3600 19960102030405 19951211100908 2143 foo.nil. ${SIGNATURE}`,
    `0001010300000e1030e8a0a530cc0344085f${name('foo.nil.')}${base64(SIGNATURE)}`,
  ],
  ['2535 §3', 'KEY', `256 3 5 ${KEY}`, `01000305${base64(KEY)}`],
  ['2163 §4', 'PX', '10 innosoft.com. PRMD-innosoft.ADMD-att.C-us.', `000a${name('innosoft.com.')}${name('PRMD-innosoft.ADMD-att.C-us.')}`],
  [
    '1712 §4',
    'GPOS',
    '-32.6882 116.8652 10.0',
    `08${text('-32.6882')}08${text('116.8652')}04${text('10.0')}`,
    '"-32.6882" "116.8652" "10.0"',
  ],
  [
    '1876 §4',
    'LOC',
    '42 21 54 N 71 06 18 W -24m 30m',
    '0033161389172dd070be15f000988d20',
    '42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m',
  ],
  ['1876 §4, shortest', 'LOC', '32 S 116 E 10m', '001216137922300098e4120000989a68', '32 0 0.000 S 116 0 0.000 E 10.00m 1m 10000m 10m'],
  ['Nimrod', 'EID', '0102', '0102'],
  ['Nimrod', 'NIMLOC', '0102', '0102'],
  [
    '3403 §6.1',
    'NAPTR',
    '100 50 "a" "z3950+N2L+N2C" "" cidserver.example.com.',
    `0064003201610d${text('z3950+N2L+N2C')}00${name('cidserver.example.com.')}`,
  ],
  [
    '3403 §6.2',
    'NAPTR',
    '100 100 "s" "thttp+L2R" "!^urn:cid:.+@([^\\\\.]+\\\\.)(.*)$!\\\\2!i" .',
    `00640064017309${text('thttp+L2R')}21${text('!^urn:cid:.+@([^\\.]+\\.)(.*)$!\\2!i')}00`,
  ],
  ['2230', 'KX', '2 bar.example.com.', `0002${name('bar.example.com.')}`],
  ['4398 §2.2', 'CERT', 'PGP 0 0 AAEC', '0003000000000102'],
  ['6672 §2.1', 'DNAME', 'frobozz-division.acme.example.', name('frobozz-division.acme.example.')],
  ['3123 §5', 'APL', '1:192.168.32.0/21 !1:192.168.38.0/28', '00011503c0a82000011c83c0a826'],
  ['3123 §5, both families', 'APL', '1:224.0.0.0/4 2:FF00:0:0:0:0:0:0:0/8', '00010401e0000208' + '01ff', '1:224.0.0.0/4 2:ff00::/8'],
  ['7208', 'SPF', '"v=spf1 +mx -all"', `0f${text('v=spf1 +mx -all')}`],
  [
    '4034 §5.4',
    'DS',
    '60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118',
    'ec4505012bb183af5f22588179a53b0a98631fad1a292118',
    '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118',
  ],
  [
    '4034 §3.3',
    'RRSIG',
    `A 5 3 86400 20030322173103 20030220173103 2642 example.com. ${SIGNATURE}`,
    `00010503000151803e7c9dd73e5510d70a52${name('example.com.')}${base64(SIGNATURE)}`,
  ],
  [
    '4034 §4.3',
    'NSEC',
    'host.example.com. A MX RRSIG NSEC TYPE1234',
    `${name('host.example.com.')}0006400100000003041b${'00'.repeat(26)}20`,
  ],
  ['4034 §2.3', 'DNSKEY', `256 3 5 ${KEY}`, `01000305${base64(KEY)}`],
  [
    '5155 A',
    'NSEC3',
    '1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG',
    '0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b000722010000000290',
    '1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM',
  ],
  ['5155, no salt, no types', 'NSEC3', '1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr', '010000000014174eb2409fe28bcb4887a1836f957f0a8425e27b'],
  ['5155 A', 'NSEC3PARAM', '1 0 12 aabbccdd', '0100000c04aabbccdd'],
  ['dnssec-trust-history', 'RKEY', '0 3 5 AAEC', '00000305000102'],
  ['dnssec-trust-history', 'TALINK', 'a. b.', `${name('a.')}${name('b.')}`],
  ['8078 §4', 'CDS', '0 0 0 00', '0000000000'],
  ['8078 §4', 'CDNSKEY', '0 3 0 AA==', '0000030000'],
  ['7477 §2.1.3', 'CSYNC', '66 3 A NS AAAA', '0000004200030004' + '60000008'],
  [
    '8976 A.1',
    'ZONEMD',
    '2018031500 1 1 c68090d90a7aed71 6bc459f9340e3d7c 1370d4d24b7e2fc3 a1ddc0b9a87153b9 a9713b3c9ae5cc27 777f98b8e730044c',
    '7848b78c0101c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c',
    '2018031500 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c',
  ],
  ['9859', 'DSYNC', 'CDS NOTIFY 5359 cds-scanner.example.net.', `003b0114ef${name('cds-scanner.example.net.')}`],
  ['IANA', 'TA', `1 8 2 ${'ab'.repeat(32)}`, `00010802${'ab'.repeat(32)}`],
  ['4431', 'DLV', `1 8 2 ${'ab'.repeat(32)}`, `00010802${'ab'.repeat(32)}`],
  ['4255 §3.2', 'SSHFP', '2 1 123456789abcdef67890123456789abcdef67890', '0201123456789abcdef67890123456789abcdef67890'],
  [
    '4025 §3.2',
    'IPSECKEY',
    '10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
    `0a0102c0000226${base64('AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==')}`,
  ],
  [
    '4025 §3.2, no gateway',
    'IPSECKEY',
    '10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==',
    `0a0002${base64('AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==')}`,
  ],
  ['4025 §3.2, a name', 'IPSECKEY', '10 3 2 mygateway.example.com. AQNR', `0a0302${name('mygateway.example.com.')}010351`],
  [
    '4025 §3.2, IPv6',
    'IPSECKEY',
    '10 2 2 2001:0DB8:0:8002::2000:1 AQNR',
    `0a020220010db8000080020000000020000001010351`,
    '10 2 2 2001:db8:0:8002::2000:1 AQNR',
  ],
  ['4701 §3.6.1', 'DHCID', 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=', base64('AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=')],
  [
    '6698 §2.3',
    'TLSA',
    '0 0 1 d2abde240d7cd3ee6b4b28c54df034b9 7983a1d16e8a410e4561cb106618e971',
    '000001d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971',
    '0 0 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971',
  ],
  ['8162', 'SMIMEA', '3 0 1 abcd', '030001abcd'],
  [
    '8005 §6',
    'HIP',
    `2 200100107B1A74DF365639CC39F1D578 ${HIP_KEY} rvs1.example.com. rvs2.example.com.`,
    `10020084200100107b1a74df365639cc39f1d578${base64(HIP_KEY)}${name('rvs1.example.com.')}${name('rvs2.example.com.')}`,
    `2 200100107b1a74df365639cc39f1d578 ${HIP_KEY} rvs1.example.com. rvs2.example.com.`,
  ],
  ['zs', 'NINFO', '"a" "b"', '01610162'],
  ['7929', 'OPENPGPKEY', 'mQEN', '99010d'],
  ['9460 D.1', 'HTTPS', '0 foo.example.com.', `0000${name('foo.example.com.')}`],
  ['9460 D.2', 'SVCB', '1 .', '000100'],
  ['9460 D.2, port', 'SVCB', '16 foo.example.com. port=53', `0010${name('foo.example.com.')}000300020035`],
  [
    '9460 D.2, unknown key',
    'SVCB',
    '1 foo.example.com. key667=hello',
    `0001${name('foo.example.com.')}029b000568656c6c6f`,
    '1 foo.example.com. key667="hello"',
  ],
  ['9460 D.2, escape', 'SVCB', '1 foo.example.com. key667="hello\\210qoo"', `0001${name('foo.example.com.')}029b000968656c6c6fd2716f6f`],
  [
    '9460 D.2, two hints',
    'SVCB',
    '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
    `0001${name('foo.example.com.')}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
    '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
  ],
  [
    '9460 D.2, mapped',
    'SVCB',
    '1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
    `0001${name('example.com.')}0006001020010db80122034400000000c0000221`,
    '1 example.com. ipv6hint=2001:db8:122:344::c000:221',
  ],
  [
    '9460 D.2, keys in any order',
    'SVCB',
    '16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
    `0010${name('foo.example.org.')}0000000400010004000100090268320568332d313900040004c0000201`,
    '16 foo.example.org. mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1',
  ],
  [
    '9460 D.2, commas escaped',
    'SVCB',
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    `0010${name('foo.example.org.')}0001000c08665c6f6f2c626172026832`,
  ],
  [
    '9460, 9461, 9540, all keys',
    'SVCB',
    '1 . ohttp dohpath=/dns-query{?dns} ech="AEX+" no-default-alpn alpn=h2',
    `0001000001000302683200020000000500030045fe00070010${text('/dns-query{?dns}')}00080000`,
    '1 . alpn=h2 no-default-alpn ech=AEX+ dohpath=/dns-query{?dns} ohttp',
  ],
  ['9886', 'HHIT', 'AAEC', '000102'],
  ['9886', 'BRID', 'AAEC', '000102'],
  ['6742 §2.1.3', 'NID', '10 0014:4fff:ff20:ee64', '000a00144fffff20ee64'],
  ['6742 §2.2.3', 'L32', '10 10.1.2.0', '000a0a010200'],
  ['6742 §2.3.3', 'L64', '10 2001:0DB8:1140:1000', '000a20010db811401000', '10 2001:0db8:1140:1000'],
  ['6742 §2.4.3', 'LP', '10 l64-subnet1.example.com.', `000a${name('l64-subnet1.example.com.')}`],
  ['7043 §3.2', 'EUI48', '00-00-5e-00-53-2a', '00005e00532a'],
  ['7043 §4.2', 'EUI64', '00-00-5e-ef-10-00-00-2a', '00005eef1000002a'],
  ['7553 §4.5', 'URI', '10 1 "ftp://ftp1.example.com/public"', `000a0001${text('ftp://ftp1.example.com/public')}`],
  ['Cisco', 'AVC', '"app-name:WOLFGANG|app-class:OAM"', `1f${text('app-name:WOLFGANG|app-class:OAM')}`],
  ['doa-over-dns', 'DOA', '0 1 2 "" aHR0cHM6Ly9pZXRmLm9yZy8=', `00000000000000010200${base64('aHR0cHM6Ly9pZXRmLm9yZy8=')}`],
  ['doa-over-dns, empty', 'DOA', '0 1 2 "text/plain" -', `0000000000000001020a${text('text/plain')}`],
  ['8777 §4.3.1', 'AMTRELAY', '10 0 1 203.0.113.15', '0a01cb00710f'],
  ['8777 §4.3.1, a name', 'AMTRELAY', '128 1 3 amtrelays.example.com.', `8083${name('amtrelays.example.com.')}`],
  ['8777 §4.3.1, none', 'AMTRELAY', '10 0 0 .', '0a00'],
  ['9606', 'RESINFO', '"qnamemin" "exterr=15,16,17"', `08${text('qnamemin')}0f${text('exterr=15,16,17')}`],
  ['IANA', 'WALLET', '"ETH" "0x1"', '0345544803307831'],
  ['ipn-cla', 'CLA', '"TCP-v4-v6"', `09${text('TCP-v4-v6')}`],
  ['ipn-cla', 'IPN', '18446744073709551615', 'ff'.repeat(8)],
]

describe('each type by the examples of its RFC', () => {
  for (const [rfc, type, words, wire, canonical] of ROWS) {
    test(`${type} (${rfc})`, () => {
      const rdata = parse(type, words)
      assert.equal(hex(rdata), wire)
      const number = findType(type)!
      assert.equal(formatRdata(number, rdata), canonical ?? words)
      assert.deepEqual(parse(type, canonical ?? words), rdata)
      assert.deepEqual(parse(`TYPE${number}`, formatGenericRdata(rdata)), rdata)
    })
  }

  test('there is a row for every type of the registry', () => {
    const seen = new Set(ROWS.map(([, type]) => type))
    assert.deepEqual(
      RDATA_TYPES.map(({ word }) => word).filter((word) => !seen.has(word)),
      [],
    )
  })

  test('every type has its number in the registry of words', () => {
    for (const { word, number } of RDATA_TYPES) assert.equal(findType(word), number, word)
  })
})

const BAD: readonly [type: string, text: string, reason: RegExp][] = [
  ['SVCB', '1 foo. key123=a key123=b', /key123 is given twice/],
  ['SVCB', '1 foo. mandatory', /is no key/],
  ['SVCB', '1 foo. alpn', /1–255 octets/],
  ['SVCB', '1 foo. port', /not a port/],
  ['SVCB', '1 foo. ipv4hint', /not an IPv4/],
  ['SVCB', '1 foo. ipv6hint', /not an IPv6/],
  ['SVCB', '1 foo. no-default-alpn=abc', /takes no value/],
  ['SVCB', '1 foo. no-default-alpn', /needs alpn/],
  ['SVCB', '1 foo. mandatory=key123', /names key123, which is not given/],
  ['SVCB', '1 foo. mandatory=mandatory', /may not name itself/],
  ['SVCB', '1 foo. mandatory=key123,key123 key123=abc', /names key123 twice/],
  ['SVCB', '1 foo. key65535=a', /no service parameter/],
  ['SVCB', '1 foo. key0001=a', /no service parameter/],
  ['SVCB', '1 foo. dohpath=/x', /variable dns/],
  ['SVCB', '1 foo. ohttp=1', /takes no value/],
  ['SVCB', '1 foo. "alpn"=h2', /no service parameter/],
  ['SVCB', '\\# 16 0001 00 0003 0002 0035 0001 0003 026832', /no SVCB rdata/],
  ['DS', '1 8 2 abcd', /a digest of type 2 has 32 octets, 2 are given/],
  ['DS', '1 8 2', /ends before its last field/],
  ['DS', '1 NOTHING 2 ab', /neither a number/],
  ['DNSKEY', '256 3 8 A===', /not base64/],
  ['DNSKEY', '256 3 8 AB==', /not base64/],
  ['SSHFP', '1 1 ab', /has 20 octets/],
  ['NSEC', 'a.', /at least one type/],
  ['NSEC', 'a. FOO', /not a record type/],
  ['NSEC3', '1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22boj', /not a hash/],
  ['NSEC3', '1 0 0 x 2t7b4g4vsa5smi47k61mv5bv1a22bojr', /hexadecimal/],
  ['LOC', '91 N 0 E 0m', /degrees/],
  ['LOC', '42 60 N 71 W 0m', /minutes/],
  ['LOC', '42 N 71 W', /needs/],
  ['LOC', '42 N 71 W 0m 1e9m', /not a length/],
  ['APL', '1:192.0.2.0/33', /not a prefix/],
  ['APL', '3:192.0.2.0/8', /not a prefix/],
  ['RRSIG', 'A 5 3 86400 20030322173199 20030220173103 2642 example.com. AAAA', /not a time/],
  ['RRSIG', 'A 5 3 86400 20030631000000 20030220173103 2642 example.com. AAAA', /not a time/],
  ['EUI48', '00-00-5e-00-53', /6 pairs/],
  ['NID', '1 1:2:3', /four groups/],
  ['IPN', '18446744073709551616', /not a number/],
  ['IPSECKEY', '10 0 0 x', /must be "."/],
  ['IPSECKEY', '10 0 2 .', /needs a key/],
  ['AMTRELAY', '10 2 0 .', /from 0 to 1/],
  ['HIP', '2 zz AAAA', /hexadecimal/],
  ['WKS', '10.0.0.1 TCP nothing', /not a service/],
  ['ZONEMD', '1 1 1 abcd', /has 48 octets/],
  ['URI', '1 1 ""', /empty/],
  ['CERT', 'X 1 1 AAAA', /neither a number/],
  ['NSAP', '47', /0x/],
]

describe('rdata of these types that is refused', () => {
  for (const [type, words, reason] of BAD) {
    test(`${type} ${words}`, () => {
      assert.throws(
        () => parse(type, words),
        (error: Error) => error instanceof RdataError && reason.test(error.message),
      )
    })
  }
})

describe('canonical form (RFC 4034 §6.2, RFC 6840 §5.1)', () => {
  const rows: readonly [type: string, text: string, canonical: string][] = [
    ['NS', 'A.B.', 'a.b.'],
    ['MX', '10 A.B.', '10 a.b.'],
    ['SRV', '1 2 3 A.B.', '1 2 3 a.b.'],
    ['NAPTR', '1 2 "U" "X" "Y" A.', '1 2 "U" "X" "Y" a.'],
    ['RRSIG', 'A 5 3 60 20030322173103 20030220173103 2642 Example. AAAA', 'A 5 3 60 20030322173103 20030220173103 2642 example. AAAA'],
    ['NSEC', 'A. MX', 'A. MX'],
    ['SVCB', '1 A.', '1 A.'],
    ['LP', '1 A.', '1 A.'],
    ['TXT', '"A"', '"A"'],
  ]
  for (const [type, words, canonical] of rows)
    test(`${type} ${words}`, () =>
      assert.equal(formatRdata(findType(type)!, canonicalRdata(findType(type)!, parse(type, words))), canonical))
})
