/**
 * Looks a name up once for an outgoing connection, and connects to an address that was judged: a name that changes between the look and the
 * connection (DNS rebinding) leads nowhere else. Shell.
 */
import { lookup as resolveName } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** A lookup for net.connect that gives only addresses that `mayReach`; `refuse` makes the error when there are none. */
export function guardedLookup(mayReach: (address: string) => boolean, refuse: (hostname: string) => Error): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0)
      const allowed = addresses.filter(({ address }) => mayReach(address))
      const [first] = allowed
      if (first === undefined) return callback(refuse(hostname), '', 0)
      if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
