/** Process settings of resolver/guard, the same for `up`, `node` and `serve`: rate limits for clients without a cookie, and where cookie secrets lie. Shell. */
import { type Prefix, parsePrefix } from '../geodata/address/prefix.ts'
import type { GuardSettings } from '../resolver/guard/guard.ts'
import { type CommandOption, UsageError } from './command.ts'
import { type Flags, listFlag, numberFlag, textFlag } from './process-settings.ts'

/** Packets with these sources do not come from outside. */
const LOOPBACK = ['127.0.0.0/8', '::1/128']

/** The options. */
export const GUARD_OPTIONS: Readonly<Record<string, CommandOption>> = {
  'cookie-secret-file': {
    type: 'string',
    value: 'FILE',
    help: 'secrets of DNS cookies, 32 hex digits a line, the first makes new ones; equal on all nodes of one address [STATE/cookie-secrets, made at the first start]',
  },
  'rate-limit': {
    type: 'string',
    value: 'N',
    help: 'UDP answers a second about one name to one client prefix without cookie; 0 = no limit [1000]',
  },
  'rate-limit-negatives': { type: 'string', value: 'N', help: 'the same for NXDOMAIN (by zone), NODATA and referrals [200]' },
  'rate-limit-errors': { type: 'string', value: 'N', help: 'the same for REFUSED, FORMERR and other errors, whatever the name [100]' },
  'rate-limit-slip': {
    type: 'string',
    value: 'N',
    help: 'every N-th limited response is sent truncated, so that an honest client comes by TCP; 0 = none [2]',
  },
  'rate-limit-prefixes': { type: 'string', value: 'V4,V6', help: 'lengths of the prefixes that count as one client [24,56]' },
  'rate-limit-exempt': { type: 'string', multiple: true, value: 'PREFIX', help: `clients that are never limited [${LOOPBACK.join(' ')}]` },
  'no-cookie-size': { type: 'string', value: 'BYTES', help: 'largest UDP answer to a client without cookie [1232]' },
  'no-cookie-rate': { type: 'string', value: 'N', help: 'UDP answers a second to all clients without cookie together; 0 = no cap [0]' },
}

/** What the guard needs to know of them. Throws UsageError. */
export function guardSettings(flags: Flags): GuardSettings {
  const rate = (name: string, fallback: number): number => numberFlag(flags, name, fallback, 0, 64_000)
  const lengths = /^(\d+),(\d+)$/.exec(textFlag(flags, 'rate-limit-prefixes', '24,56'))
  const [prefixLength4, prefixLength6] = [Number(lengths?.[1]), Number(lengths?.[2])]
  if (lengths === null || prefixLength4 < 8 || prefixLength4 > 32 || prefixLength6 < 16 || prefixLength6 > 128) {
    throw new UsageError(`--rate-limit-prefixes must be two lengths, 8 to 32 and 16 to 128, e.g. 24,56`)
  }
  return {
    limits: {
      answersPerSecond: rate('rate-limit', 1000),
      negativesPerSecond: rate('rate-limit-negatives', 200),
      errorsPerSecond: rate('rate-limit-errors', 100),
      slip: numberFlag(flags, 'rate-limit-slip', 2, 0, 10),
      prefixLength4,
      prefixLength6,
      burstSeconds: 1,
    },
    exempt: listFlag(flags, 'rate-limit-exempt', LOOPBACK).map(exemptPrefix),
    sizeWithoutCookieBytes: numberFlag(flags, 'no-cookie-size', 1232, 512, 1232),
    withoutCookiePerSecond: numberFlag(flags, 'no-cookie-rate', 0, 0, 64_000),
  }
}

function exemptPrefix(text: string): Prefix {
  try {
    return parsePrefix(text)
  } catch (error) {
    throw new UsageError(`--rate-limit-exempt: ${(error as Error).message}`)
  }
}
