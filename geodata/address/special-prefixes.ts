/**
 * Networks that are in no public place (IANA special-purpose registries, RFC 6890, and multicast): public address lists sometimes
 * put them somewhere (192.168.1.0/24 in Australia, seen 2026-06), which is never true for the asker. Pure data.
 */
import { type Prefix, parsePrefix } from './prefix.ts'

/** Special-purpose networks. An operator's own table may still locate them: they are real inside one organisation. */
export const SPECIAL_PREFIXES: readonly Prefix[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/16',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].map(parsePrefix)
