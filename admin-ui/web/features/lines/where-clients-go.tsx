/**
 * Tile map of 34 provinces × 3 carriers: which pool clients there get by the live rules and the standings of now. It is no traffic:
 * the heading says so. The table twin is for readers.
 */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactElement, useMemo, useState } from 'react'
import { EndpointChip } from '../../components/endpoint-chip.tsx'
import { Empty, Panel, QueryBody } from '../../components/panel.tsx'
import { StandingMark } from '../../components/standing.tsx'
import type { EndpointLook } from '../../lib/endpoint-look.ts'
import { useWords } from '../../lib/i18n.ts'
import { endpointsQuery, HEALTH_REFRESH_MS, policiesQuery, policyQuery, poolsQuery } from '../../lib/queries.ts'
import { poolColour, useEndpointLooks } from '../endpoints/use-looks.ts'
import { type PoolState, poolStates } from '../policies/walk-policy.ts'
import { TILE_CARRIERS, TILES, type Tile, type TileCell, tileCell } from './tile-map.ts'
import { useLineNames } from './use-line-names.ts'

const SIZE = 47
const GAP = 4
const CELL = 10.3

/** The panel. */
export function WhereClientsGo(): ReactElement {
  const { t } = useWords()
  const policies = useQuery(policiesQuery('live'))
  const first = policies.data?.policies.find((policy) => policy.names.length > 0)?.id
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const id = chosen ?? first
  return (
    <Panel
      title={t('tiles.title')}
      actions={
        (policies.data?.policies.length ?? 0) > 1 ? (
          <div className="field" style={{ height: 26, maxWidth: 150 }}>
            <select
              aria-label={t('tiles.policy')}
              className="s12"
              value={id ?? ''}
              onChange={(event) => setChosen(event.currentTarget.value)}
            >
              {policies.data?.policies.map((policy) => (
                <option key={policy.id}>{policy.id}</option>
              ))}
            </select>
          </div>
        ) : null
      }
    >
      <QueryBody query={policies} height={460}>
        {() =>
          id === undefined ? (
            <Empty action={<Link to="/policies">{t('nav.policies')}</Link>}>{t('tiles.empty')}</Empty>
          ) : (
            <PolicyMap policyId={id} />
          )
        }
      </QueryBody>
    </Panel>
  )
}

function PolicyMap({ policyId }: { readonly policyId: string }): ReactElement {
  const policy = useQuery(policyQuery(policyId, 'live'))
  const pools = useQuery(poolsQuery('live')).data?.pools
  const endpoints = useQuery(endpointsQuery())
  const { parentOf } = useLineNames()
  const list = endpoints.data?.endpoints
  const cells = useMemo(() => {
    if (policy.data === undefined || pools === undefined || list === undefined) return undefined
    const states = poolStates(pools, list)
    return new Map(
      TILES.map(([code]) => [code, TILE_CARRIERS.map((carrier) => tileCell(policy.data.policy, code, carrier, states, parentOf))]),
    )
  }, [policy.data, pools, list, parentOf])
  return (
    <QueryBody
      query={{ data: cells, error: policy.error ?? endpoints.error, dataUpdatedAt: endpoints.dataUpdatedAt, refetch: policy.refetch }}
      height={460}
      staleAfterMs={HEALTH_REFRESH_MS * 3}
    >
      {(known) => <Tiles cells={known} policyId={policyId} />}
    </QueryBody>
  )
}

type Cells = ReadonlyMap<string, readonly TileCell[]>

function Tiles({ cells, policyId }: { readonly cells: Cells; readonly policyId: string }): ReactElement {
  const { t, language } = useWords()
  const looks = useEndpointLooks()
  const { nameOf } = useLineNames()
  const [chosen, setChosen] = useState('33')
  const all = [...cells.values()].flat()
  const shown = new Map(all.flatMap((cell) => cell.pools).map((pool) => [pool.id, pool]))
  const zh = language === 'zh-CN'
  const move = (event: KeyboardEvent, tile: Tile): void => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (event.key === 'Enter' || event.key === ' ') setChosen(tile[0])
    else if (step === undefined) return
    event.preventDefault()
    if (step === undefined) return
    const next = nearestTile(tile, step[0]!, step[1]!)
    if (next === undefined) return
    setChosen(next[0])
    ;(event.currentTarget.parentElement?.querySelector(`[data-code="${next[0]}"]`) as SVGElement | null)?.focus()
  }
  return (
    <div style={{ padding: '2px 14px 14px' }}>
      <div style={{ position: 'relative', maxWidth: 353, margin: '0 auto' }}>
        <ul
          className="s12 t2"
          style={{ position: 'absolute', left: 0, top: 0, width: '84%', display: 'grid', gridTemplateColumns: '1fr 1fr', gap: '0 10px' }}
        >
          {[...shown.values()].slice(0, 7).map((pool) => (
            <li key={pool.id} className="row" style={{ gap: 7, height: 20 }}>
              <Swatch fill={fillOf(pool, looks)} />
              <span className="ell" translate="no">
                {pool.id}
              </span>
            </li>
          ))}
          {all.some((cell) => cell.displaced) ? (
            <li className="row" style={{ gap: 7, height: 20 }}>
              <Swatch fill="url(#hatch-displaced)" />
              {t('tiles.displaced')}
            </li>
          ) : null}
        </ul>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be an SVG */}
        <svg className="tiles" width="100%" viewBox="0 0 353 404" role="group" aria-label={t('tiles.map')} style={{ overflow: 'visible' }}>
          <defs>
            <pattern id="hatch-displaced" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="4" height="4" fill="var(--down-tint)" />
              <rect width="1.4" height="4" fill="var(--down-fill)" />
            </pattern>
          </defs>
          {TILES.map((tile) => {
            const [code, short, letters, row, column] = tile
            const on = code === chosen
            const carriers = cells.get(code) ?? []
            const seen = zh ? short : letters
            const lines = carriers.map((cell, at) =>
              cellWords(nameOf(`*/${TILE_CARRIERS[at]}`), cell, t('tiles.displaced'), t('tiles.none')),
            )
            return (
              // biome-ignore lint/a11y/useSemanticElements: a button cannot stand inside an SVG
              <g
                key={code}
                data-code={code}
                role="button"
                tabIndex={on ? 0 : -1}
                aria-pressed={on}
                // The words on the tile come first: who speaks them to a voice control must reach it (WCAG 2.5.3).
                aria-label={`${seen} ${code} ${nameOf(`cn-${code}`)}: ${lines.join('; ')}`}
                transform={`translate(${(column - 1) * (SIZE + GAP)},${(row - 1) * (SIZE + GAP)})`}
                onClick={() => setChosen(code)}
                onKeyDown={(event) => move(event, tile)}
              >
                <rect
                  width={SIZE}
                  height={SIZE}
                  rx="6"
                  fill="var(--surface)"
                  stroke={on ? 'var(--text)' : 'var(--line-strong)'}
                  strokeWidth={on ? 1.6 : 1}
                />
                <text x="7" y="17" fontSize="11.5" fontWeight="600" fill="var(--text)">
                  {seen}
                </text>
                {/* Without the space the two texts read as one word, which the accessible name does not hold. */ ' '}
                <text x="41" y="16" fontSize="9.5" textAnchor="end" fill="var(--text-3)">
                  {code}
                </text>
                {carriers.map((cell, at) => (
                  <Cell key={TILE_CARRIERS[at]} cell={cell} x={6 + at * (CELL + 2)} looks={looks} />
                ))}
              </g>
            )
          })}
        </svg>
      </div>
      <p className="s11 t3" style={{ margin: '8px 0 10px' }}>
        {t('tiles.note')}
      </p>
      <Readout code={chosen} cells={cells.get(chosen) ?? []} looks={looks} policyId={policyId} />
    </div>
  )
}

function Cell({
  cell,
  x,
  looks,
}: {
  readonly cell: TileCell
  readonly x: number
  readonly looks: ReadonlyMap<string, EndpointLook>
}): ReactElement {
  if (cell.displaced || cell.pools.length === 0) {
    return (
      <rect
        x={x}
        y="28"
        width={CELL}
        height="13"
        rx="2"
        fill={cell.displaced ? 'url(#hatch-displaced)' : 'none'}
        stroke={cell.displaced ? 'var(--down-fill)' : 'var(--line-strong)'}
        strokeWidth=".8"
      />
    )
  }
  const width = CELL / cell.pools.length
  return (
    <>
      {cell.pools.map((pool, at) => (
        <rect
          key={pool.id}
          x={x + at * width}
          y="28"
          width={width - (cell.pools.length > 1 ? 0.6 : 0)}
          height="13"
          rx="2"
          fill={fillOf(pool, looks)}
        />
      ))}
    </>
  )
}

type ReadoutProps = {
  readonly code: string
  readonly cells: readonly TileCell[]
  readonly looks: ReadonlyMap<string, EndpointLook>
  readonly policyId: string
}

function Readout({ code, cells, looks, policyId }: ReadoutProps): ReactElement {
  const { t } = useWords()
  const { nameOf } = useLineNames()
  return (
    <div
      className="s12"
      style={{ padding: '9px 12px', borderRadius: 8, background: 'var(--sunken)', border: '1px solid var(--line)' }}
      aria-live="polite"
    >
      <div className="row">
        <b className="b">{nameOf(`cn-${code}`)}</b>
        <span className="t3 mono">cn-{code}</span>
        {['71', '81', '82'].includes(code) ? <span className="t3">{t('tiles.abroad')}</span> : null}
        <span className="grow" />
        <Link to="/policies/$id" params={{ id: policyId }} search={{ line: `cn-${code}/telecom` }}>
          {t('tiles.rules')}
        </Link>
      </div>
      <div className="row wrap" style={{ gap: '4px 6px', marginTop: 5 }}>
        {cells.map((cell, at) => (
          <span className="row" key={TILE_CARRIERS[at]} style={{ gap: 5 }}>
            <span className="t3">{nameOf(`*/${TILE_CARRIERS[at]}`)}</span>
            {cell.pools.length === 0 ? '—' : cell.pools.map((pool) => <PoolChip key={pool.id} pool={pool} looks={looks} />)}
            {cell.displaced ? <StandingMark standing="degraded" /> : null}
          </span>
        ))}
      </div>
    </div>
  )
}

function PoolChip({ pool, looks }: { readonly pool: PoolState; readonly looks: ReadonlyMap<string, EndpointLook> }): ReactElement {
  const member = pool.members.find((one) => one.eligible) ?? pool.members[0]
  return pool.members.length === 1 && member !== undefined ? (
    <EndpointChip look={looks.get(member.endpoint)} id={member.endpoint} />
  ) : (
    <span className={`ep ${poolColour(pool, looks)}`} translate="no">
      {pool.id}
    </span>
  )
}

function Swatch({ fill }: { readonly fill: string }): ReactElement {
  return (
    <svg width="12" height="12" aria-hidden="true">
      <rect width="12" height="12" rx="2.5" fill={fill} />
    </svg>
  )
}

function fillOf(pool: PoolState, looks: ReadonlyMap<string, EndpointLook>): string {
  const colour = poolColour(pool, looks)
  return colour === '' ? 'var(--line-strong)' : `var(--${colour})`
}

function cellWords(carrier: string, cell: TileCell, displaced: string, none: string): string {
  const pools = cell.pools.map((pool) => pool.id).join(', ') || none
  return `${carrier} ${pools}${cell.displaced ? `, ${displaced}` : ''}`
}

/** Next tile in a direction, skipping holes. */
function nearestTile(from: Tile, rows: number, columns: number): Tile | undefined {
  for (let step = 1; step < 9; step++) {
    const found = TILES.find((tile) => tile[3] === from[3] + rows * step && tile[4] === from[4] + columns * step)
    if (found !== undefined) return found
  }
  return undefined
}
