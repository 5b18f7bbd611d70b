/** List of keys. */
import { Modal } from '@mantine/core'
import type { ReactElement } from 'react'
import { useWords } from '../../lib/i18n.ts'

const KEYS = [
  ['Ctrl K  /', 'find'],
  ['g o', 'overview'],
  ['g e', 'explain'],
  ['g p', 'policies'],
  ['g n', 'endpoints'],
  ['g d', 'draft'],
  ['g h', 'history'],
  ['P', 'pause'],
  ['Esc', 'escape'],
  ['A', 'addLine'],
  ['W', 'walk'],
  ['← ↑ ↓ →', 'grid'],
  ['1 – 9', 'place'],
  ['0  Delete', 'remove'],
  ['Alt ← →', 'move'],
  ['Ctrl Z  Ctrl Shift Z', 'undo'],
  ['Ctrl Enter', 'primary'],
] as const

/** The dialog. */
export function KeysDialog({ close }: { readonly close: () => void }): ReactElement {
  const { t } = useWords()
  return (
    <Modal opened onClose={close} title={t('shell.keys')} size={460} closeButtonProps={{ 'aria-label': t('state.close') }}>
      <dl className="kv" style={{ padding: 0 }}>
        {KEYS.map(([keys, word]) => (
          <div key={word} style={{ display: 'contents' }}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{t(`keys.${word}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
