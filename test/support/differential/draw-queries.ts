/** Queries for drawn zones: owner names, what stands between, above, below and beside them, in any case of letters, of all types. Pure. */
import { type Draw, type DrawnZone, mixCase, pick } from './generate-zones.ts'

/** A query. */
export type DrawnQuery = {
  /** With a final dot. */
  readonly name: string
  readonly type: number
  /** UDP size of the OPT; 0 = no OPT. */
  readonly udpSize: number
  readonly dnssecOk: boolean
  readonly recursionDesired: boolean
  readonly checkingDisabled: boolean
  readonly tcp: boolean
}

/** Types that are asked for: those that the zones have more often. */
const COMMON = [1, 1, 1, 28, 2, 5, 6, 15, 16, 43] as const
const OTHERS = [12, 13, 17, 29, 33, 35, 39, 46, 47, 48, 50, 52, 64, 65, 255, 255, 257, 65280, 65399, 99, 9999] as const
/** Types that are no data. */
const META = [0, 41, 128, 249, 250, 251, 252, 253, 254, 65535] as const

const LABELS = ['a', 'b', 'c', 'www', 'zz', '*', 'ns1', 'big', 'l'.repeat(63), 'q-9', 'sub'] as const

/** Draws a query for some of the zones. */
export function drawQuery(draw: Draw, zones: readonly DrawnZone[]): DrawnQuery {
  const name = drawName(draw, zones)
  const kind = draw(1000)
  const type = kind < 600 ? pick(draw, COMMON) : kind < 999 ? pick(draw, OTHERS) : pick(draw, META)
  return {
    name: draw(3) === 0 ? mixCase(draw, name) : name,
    type,
    udpSize: pick(draw, [0, 512, 1232, 1232, 1232, 1232, 4096, 4096]),
    dnssecOk: draw(5) === 0,
    recursionDesired: draw(2) === 0,
    checkingDisabled: draw(8) === 0,
    // Transfers by TCP are not what is compared here.
    tcp: draw(12) === 0 && type !== 252 && type !== 251,
  }
}

function drawName(draw: Draw, zones: readonly DrawnZone[]): string {
  const zone = pick(draw, zones)
  const owners = [...zone.owners.keys()]
  const kind = draw(20)
  let name = kind < 14 ? pick(draw, owners) : kind < 18 && zone.targets.length > 0 ? pick(draw, zone.targets).toLowerCase() : zone.origin
  const redirected = draw(8) === 0 ? owners.filter((owner) => zone.owners.get(owner)!.has('DNAME')) : []
  if (redirected.length > 0) name = `${pick(draw, LABELS)}.${pick(draw, redirected)}`
  switch (draw(8)) {
    case 0:
      name = `${pick(draw, LABELS)}.${name}`
      break
    case 1:
      name = `${pick(draw, LABELS)}.${pick(draw, LABELS)}.${name}`
      break
    case 2:
      name = name.slice(name.indexOf('.') + 1)
      break
    case 3:
      name = `${pick(draw, LABELS)}.${name.slice(name.indexOf('.') + 1)}`
      break
    case 4:
      // As long as a name may be: what a DNAME makes of it may be too long.
      if (draw(4) === 0) while (name.length + 65 < 254) name = `${'y'.repeat(Math.min(63, 253 - name.length - 1))}.${name}`
      break
    default:
  }
  return name.length > 253 || name === '' || name.startsWith('.') ? zone.origin : name
}
