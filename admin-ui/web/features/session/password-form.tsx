/** The first sign-in: own password and language. Also used later from the account menu. */
import { PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useEffect, useState } from 'react'
import { PASSWORD_MIN_LENGTH } from '../../../contract/role.ts'
import { Segments } from '../../components/segments.tsx'
import { StandingMark } from '../../components/standing.tsx'
import { callApi } from '../../lib/api-client.ts'
import { setLanguage, useWords } from '../../lib/i18n.ts'
import { wordProblem } from '../../lib/wording.ts'
import { EntryFrame } from './entry-frame.tsx'

/** Props: `onDone` is called when the password is changed. */
export type PasswordFieldsProps = { readonly onDone: () => void; readonly withLanguage: boolean }

/** The fields. */
export function PasswordFields({ onDone, withLanguage }: PasswordFieldsProps): ReactElement {
  const { t, language } = useWords()
  const queryClient = useQueryClient()
  const [present, setPresent] = useState('')
  const [next, setNext] = useState('')
  const [again, setAgain] = useState('')
  const change = useMutation({
    mutationFn: () => callApi('changePassword', { body: { currentPassword: present, newPassword: next } }),
    onSuccess: (me) => {
      queryClient.setQueryData(['me'], me)
      onDone()
    },
  })
  const tooShort = next !== '' && [...next].length < PASSWORD_MIN_LENGTH
  const differs = again !== '' && again !== next
  const ready = present !== '' && next !== '' && !tooShort && again === next
  const toggle = { visibilityToggleButtonProps: { 'aria-label': t('session.showPassword') } }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (ready) change.mutate()
  }
  return (
    <form onSubmit={submit}>
      <PasswordInput
        label={t('session.presentPassword')}
        autoComplete="current-password"
        data-autofocus
        value={present}
        onChange={(event) => setPresent(event.currentTarget.value)}
        {...toggle}
      />
      <PasswordInput
        label={t('session.newPassword')}
        description={t('session.passwordRule', { count: PASSWORD_MIN_LENGTH })}
        error={tooShort ? t('session.tooShort', { count: PASSWORD_MIN_LENGTH }) : undefined}
        autoComplete="new-password"
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
        {...toggle}
      />
      <PasswordInput
        label={t('session.againPassword')}
        error={differs ? t('session.differs') : undefined}
        autoComplete="new-password"
        value={again}
        onChange={(event) => setAgain(event.currentTarget.value)}
        {...toggle}
      />
      {withLanguage ? (
        <div>
          <div className="flabel" style={{ marginBottom: 4 }}>
            {t('session.language')}
          </div>
          <Segments
            label={t('session.language')}
            value={language}
            options={[
              { value: 'en', label: 'English' },
              { value: 'zh-CN', label: '简体中文' },
            ]}
            onChange={(value) => void setLanguage(value)}
          />
        </div>
      ) : null}
      {change.error === null ? null : (
        <div className="notice down" role="alert">
          <StandingMark standing="down" size={13} />
          <span>{wordProblem(change.error)}</span>
        </div>
      )}
      <button type="submit" className="btn primary" disabled={!ready || change.isPending}>
        {t('session.setPassword')}
      </button>
    </form>
  )
}

/** The page at the first sign-in. */
export function FirstPasswordPage(): ReactElement {
  const { t } = useWords()
  useEffect(() => {
    document.title = `${t('session.firstTitle')} · nearcast`
  }, [t])
  return (
    <EntryFrame>
      <h1>{t('session.firstTitle')}</h1>
      <p className="t2 s12">{t('session.firstText')}</p>
      <PasswordFields withLanguage onDone={() => {}} />
    </EntryFrame>
  )
}
