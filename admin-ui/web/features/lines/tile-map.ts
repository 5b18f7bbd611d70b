/** The 34 provinces as tiles (7 columns × 8 rows) and what a client of each carrier there gets by rule and standing now. Pure. */
import type { PolicyObject } from '../../../contract/policy.ts'
import { type PoolState, type Walk, walkPolicy } from '../policies/walk-policy.ts'
import { chainOfLine } from './line-key.ts'

/** A tile: code, short name zh, letters, row and column from 1. */
export type Tile = readonly [code: string, zh: string, letters: string, row: number, column: number]

/** All tiles. */
export const TILES: readonly Tile[] = [
  ['11', '京', 'BJ', 3, 5],
  ['12', '津', 'TJ', 3, 6],
  ['13', '冀', 'HE', 4, 5],
  ['14', '晋', 'SX', 4, 4],
  ['15', '蒙', 'NM', 3, 4],
  ['21', '辽', 'LN', 3, 7],
  ['22', '吉', 'JL', 2, 7],
  ['23', '黑', 'HL', 1, 7],
  ['31', '沪', 'SH', 5, 7],
  ['32', '苏', 'JS', 5, 6],
  ['33', '浙', 'ZJ', 6, 6],
  ['34', '皖', 'AH', 5, 5],
  ['35', '闽', 'FJ', 7, 6],
  ['36', '赣', 'JX', 6, 5],
  ['37', '鲁', 'SD', 4, 6],
  ['41', '豫', 'HA', 5, 4],
  ['42', '鄂', 'HB', 6, 4],
  ['43', '湘', 'HN', 7, 4],
  ['44', '粤', 'GD', 7, 5],
  ['45', '桂', 'GX', 7, 3],
  ['46', '琼', 'HI', 8, 3],
  ['50', '渝', 'CQ', 5, 3],
  ['51', '川', 'SC', 5, 2],
  ['52', '黔', 'GZ', 6, 3],
  ['53', '滇', 'YN', 6, 2],
  ['54', '藏', 'XZ', 4, 1],
  ['61', '陕', 'SN', 4, 3],
  ['62', '甘', 'GS', 3, 2],
  ['63', '青', 'QH', 4, 2],
  ['64', '宁', 'NX', 3, 3],
  ['65', '新', 'XJ', 3, 1],
  ['71', '台', 'TW', 7, 7],
  ['81', '港', 'HK', 8, 5],
  ['82', '澳', 'MO', 8, 4],
]
/** Carriers of the three cells, always in this order. */
export const TILE_CARRIERS = ['telecom', 'unicom', 'mobile'] as const

/** What the clients of one province and carrier get: the whole province, and cities with a rule of their own that differ. */
export type TileCell = {
  readonly walk: Walk
  /** Pools in the cell: the province's first, then those of its cities, at most 3. */
  readonly pools: readonly PoolState[]
  readonly displaced: boolean
}

/** The cell of a province and carrier under a policy. */
export function tileCell(
  policy: PolicyObject,
  province: string,
  carrier: string,
  pools: ReadonlyMap<string, PoolState>,
  parentOf: (place: string) => string,
): TileCell {
  const precedence = policy.precedence ?? 'place-first'
  const walkOf = (place: string): Walk => walkPolicy(policy, chainOfLine(`${place}/${carrier}`, precedence, parentOf) ?? ['*'], pools)
  const walk = walkOf(`cn-${province}`)
  const cities = new Set(
    policy.rules.map((rule) => rule.line.split('/')[0]!).filter((place) => new RegExp(`^cn-${province}\\d{2}$`).test(place)),
  )
  const all = [walk, ...[...cities].map(walkOf)]
  const found = new Map<string, PoolState>()
  for (const { pool } of all) if (pool !== null) found.set(pool.id, pool)
  return { walk, pools: [...found.values()].slice(0, 3), displaced: all.some((one) => one.displaced) }
}
