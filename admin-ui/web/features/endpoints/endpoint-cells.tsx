/** Cells that tables of endpoints share: name with place, score with its bar. */
import type { ReactElement } from 'react'
import type { EndpointSummary } from '../../../contract/endpoint.ts'
import { EndpointChip } from '../../components/endpoint-chip.tsx'
import type { EndpointLook } from '../../lib/endpoint-look.ts'
import { formatScore } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'

/** Chip, id, place and carrier. */
export function EndpointName({
  endpoint,
  look,
}: {
  readonly endpoint: EndpointSummary
  readonly look: EndpointLook | undefined
}): ReactElement {
  const { language, t } = useWords()
  const zh = language === 'zh-CN'
  const place = zh ? endpoint.placeZh : endpoint.placeEn
  const carrier = zh ? endpoint.carrierZh : endpoint.carrierEn
  return (
    <div className="row" style={{ gap: 9 }}>
      <EndpointChip look={look} id={endpoint.id} />
      <div className="two-line">
        <div className="a" translate="no">
          {endpoint.id}
        </div>
        <div className="b2">
          {[place, carrier || (place === '' ? '' : t('endpoints.central'))].filter(Boolean).join(' · ') || endpoint.site}
        </div>
      </div>
    </div>
  )
}

/** Score as number and bar; an endpoint out of place has none. */
export function ScoreCell({ score }: { readonly score: number | null }): ReactElement {
  return (
    <span className="row" style={{ justifyContent: 'flex-end' }}>
      {score === null ? null : (
        <span className="scorebar" aria-hidden="true">
          <i style={{ width: `${Math.min(100, Math.max(0, score))}%` }} />
        </span>
      )}
      <span style={{ minWidth: 22 }}>{formatScore(score)}</span>
    </span>
  )
}
