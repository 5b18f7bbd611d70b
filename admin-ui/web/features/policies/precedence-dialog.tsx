/** Preview of another precedence before anything changes: which lines would get their answer from another rule. */
import { Modal } from '@mantine/core'
import type { ReactElement } from 'react'
import { useWords } from '../../lib/i18n.ts'

/** Props. */
export type PrecedenceDialogProps = {
  readonly to: 'place-first' | 'carrier-first'
  readonly moved: readonly { readonly line: string; readonly from: string; readonly to: string }[]
  readonly nameOf: (line: string) => string
  readonly accept: () => void
  readonly close: () => void
}

/** Lines listed. */
const SHOWN = 12

/** The dialog. */
export function PrecedenceDialog({ to, moved, nameOf, accept, close }: PrecedenceDialogProps): ReactElement {
  const { t } = useWords()
  const from = to === 'place-first' ? 'carrierFirst' : 'placeFirst'
  const next = to === 'place-first' ? 'placeFirst' : 'carrierFirst'
  const ruleName = (line: string): string => (line === '' ? t('policy.fallback') : nameOf(line))
  return (
    <Modal
      opened
      onClose={close}
      title={t('precedence.title', { order: t(`policy.${next}`) })}
      size={520}
      closeButtonProps={{ 'aria-label': t('state.close') }}
    >
      <p className="t2">{moved.length === 0 ? t('precedence.none') : t('precedence.some', { count: moved.length })}</p>
      {moved.length === 0 ? null : (
        <table className="mv" style={{ marginTop: 8 }}>
          <thead>
            <tr>
              <th>{t('precedence.clientsOf')}</th>
              <th>{t('precedence.now')}</th>
              <th>{t('precedence.afterwards')}</th>
            </tr>
          </thead>
          <tbody>
            {moved.slice(0, SHOWN).map((one) => (
              <tr key={one.line}>
                <td>{nameOf(one.line)}</td>
                <td>{ruleName(one.from)}</td>
                <td>{ruleName(one.to)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="row" style={{ marginTop: 16, justifyContent: 'flex-end' }}>
        <button type="button" className="btn" data-autofocus onClick={close}>
          {t('precedence.keep', { order: t(`policy.${from}`) })}
        </button>
        <button type="button" className="btn primary" onClick={accept}>
          {t('precedence.use', { order: t(`policy.${next}`) })}
        </button>
      </div>
    </Modal>
  )
}
