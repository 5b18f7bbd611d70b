/** Who gets another answer if this goes live: the share of addresses, and each move from one endpoint to another. */
import type { ReactElement } from 'react'
import type { Review } from '../../../contract/draft.ts'
import { EndpointChip } from '../../components/endpoint-chip.tsx'
import { Icon } from '../../components/icon.tsx'
import type { EndpointLook } from '../../lib/endpoint-look.ts'
import { formatPercent, formatShare } from '../../lib/format.ts'
import { useWords } from '../../lib/i18n.ts'
import { useEndpointLooks } from '../endpoints/use-looks.ts'

/** Moves listed; the rest is summed. */
const SHOWN = 12

/** The part. */
export function WhoMoves({ review }: { readonly review: Review }): ReactElement {
  const { t, language } = useWords()
  const looks = useEndpointLooks()
  const moves = [...review.moves].sort((a, b) => b.addressPercent - a.addressPercent)
  const most = moves[0]?.addressPercent ?? 1
  return (
    <>
      <div className="sec">
        {t('review.whoMoves')} <span>{t('review.ifLive')}</span>
      </div>
      <div className="big">
        <div>
          <b>{formatPercent(review.movedPercent, language)}</b>
          <div>{review.movedPercent === null ? t('review.movedUnknown') : t('review.ofClientAddresses')}</div>
        </div>
      </div>
      {moves.length === 0 ? (
        <p className="s12 t2">{review.movedPercent === null ? '' : t('review.nobodyMoves')}</p>
      ) : (
        <div className="tscroll">
          <table className="mv">
            <thead>
              <tr>
                <th>{t('policies.policy')}</th>
                <th>{t('review.now')}</th>
                <th>{t('review.afterwards')}</th>
                <th className="num">{t('review.addresses')}</th>
                <th style={{ width: '28%' }}>
                  <span className="vh">{t('review.addresses')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {moves.slice(0, SHOWN).map((move) => (
                <tr key={`${move.policy} ${move.from} ${move.to}`}>
                  <td translate="no">{move.policy}</td>
                  <td>
                    <Answer text={move.from} looks={looks} />
                  </td>
                  <td>
                    <span className="row">
                      <Icon name="arrow" size={13} />
                      <Answer text={move.to} looks={looks} />
                    </span>
                  </td>
                  <td className="num">{formatShare(move.addressPercent, 2)}</td>
                  <td>
                    <div className="bar" style={{ background: 'none' }}>
                      <i
                        style={{ width: `${(100 * move.addressPercent) / most}%`, background: colourOf(move.to, looks), borderRadius: 4 }}
                      />
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {moves.length > SHOWN ? (
            <p className="s12 t3" style={{ marginTop: 6 }}>
              {t('review.moreMoves', { count: moves.length - SHOWN })}
            </p>
          ) : null}
        </div>
      )}
    </>
  )
}

function Answer({ text, looks }: { readonly text: string; readonly looks: ReadonlyMap<string, EndpointLook> }): ReactElement {
  return (
    <span className="row wrap" style={{ gap: 5 }} translate="no">
      {text.split(/,\s*/).map((id) => (
        <span className="row" style={{ gap: 6 }} key={id}>
          {looks.has(id) ? <EndpointChip look={looks.get(id)} id={id} /> : null}
          <span className="ell">{id === '' ? '—' : id}</span>
        </span>
      ))}
    </span>
  )
}

function colourOf(text: string, looks: ReadonlyMap<string, EndpointLook>): string {
  const colour = looks.get(text.split(/,\s*/)[0]!)?.colour ?? 0
  return colour > 0 ? `var(--e${colour})` : 'var(--e0)'
}
