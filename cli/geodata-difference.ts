/** A difference of geodata as text: shares by field, place and carrier, and the greatest moves. Pure. */
import type { GeodataFamilyDiff, GeodataShare } from '../admin-ui/contract/geodata.ts'
import { lineLabel } from '../geodata/line/line.ts'

/** Places and carriers that are listed. */
const MOST_ROWS = 40

type Difference = {
  readonly ipv4: GeodataFamilyDiff
  readonly ipv6: GeodataFamilyDiff
  readonly moves: readonly { readonly from: string; readonly to: string; readonly ipv4Addresses: number }[]
}

/** The lines of `geodata diff` and `geodata status`. */
export function textOfDifference({ ipv4, ipv6, moves }: Difference): readonly string[] {
  return [
    ...textOfFamily('IPv4 addresses', ipv4),
    '',
    ...textOfFamily('IPv6 /48 networks', ipv6),
    ...(moves.length > 0 ? ['', 'greatest moves of IPv4 addresses'] : []),
    ...moves.slice(0, 20).map((move) => `  ${String(move.ipv4Addresses).padStart(11)}  ${move.from} → ${move.to}`),
  ]
}

function textOfFamily(unit: string, diff: GeodataFamilyDiff): string[] {
  const { total, lineChanged, china, changed } = diff
  const provinces = diff.byPlace.filter(({ key }) => key.startsWith('cn-'))
  const countries = diff.byPlace.filter(({ key }) => !key.startsWith('cn-'))
  return [
    `${unit} on another line: ${lineChanged} of ${total} located (${percent(lineChanged, total)}), in China ${china.lineChanged} of ${china.total} (${percent(china.lineChanged, china.total)})`,
    `  by field: ${Object.entries(changed)
      .map(([field, count]) => `${field} ${percent(count, total)}`)
      .join(', ')}`,
    ...textOfShares('by province', provinces),
    ...textOfShares('by country', countries.slice(0, 15)),
    ...textOfShares('by carrier', diff.byCarrier),
  ]
}

function textOfShares(title: string, rows: readonly GeodataShare[]): string[] {
  if (rows.length === 0) return []
  const cell = (text: string | number): string => String(text).padStart(16)
  return [
    `  ${title.padEnd(30)}${['before', 'after', 'left', 'joined', 'moved'].map(cell).join('')}`,
    ...rows.slice(0, MOST_ROWS).map(({ key, before, after, left, joined }) => {
      const moved = percent(left, before)
      return `    ${nameOf(key, title).padEnd(28)}${[before, after, left, joined, moved].map(cell).join('')}`
    }),
  ]
}

function nameOf(key: string, title: string): string {
  if (key === '?') return 'not known'
  const line = title === 'by carrier' ? `*/${key}` : key
  try {
    return `${key} ${lineLabel(line, 'en')}`.slice(0, 28)
  } catch {
    return key
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(2)} %`
}
