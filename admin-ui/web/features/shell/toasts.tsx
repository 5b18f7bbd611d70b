/** The messages in the corner. */
import type { ReactElement } from 'react'
import { Icon } from '../../components/icon.tsx'
import { StandingMark } from '../../components/standing.tsx'
import { useWords } from '../../lib/i18n.ts'
import { closeToast, useToasts } from '../../lib/toast.ts'

/** All messages. */
export function Toasts(): ReactElement {
  const { t } = useWords()
  const toasts = useToasts()
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div className="toast" key={toast.id}>
          <span style={{ marginTop: 3 }}>
            {toast.tone === 'acc' ? <Icon name="tick" size={14} /> : <StandingMark standing={toast.tone} size={14} />}
          </span>
          <div>
            <div className="m">{toast.title}</div>
            {toast.detail === undefined ? null : <div className="s12 t2">{toast.detail}</div>}
          </div>
          <button type="button" className="chip-x" aria-label={t('state.close')} onClick={() => closeToast(toast.id)}>
            <Icon name="close" size={13} />
          </button>
          {toast.action === undefined ? null : (
            <div className="acts">
              <button
                type="button"
                className="btn sm"
                onClick={() => {
                  toast.action?.run()
                  closeToast(toast.id)
                }}
              >
                {toast.action.label}
              </button>
            </div>
          )}
        </div>
      ))}
    </div>
  )
}
