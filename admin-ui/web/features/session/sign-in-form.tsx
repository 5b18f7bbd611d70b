/** Sign-in: one column. A lockout says how long it lasts, in words. */
import { PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useEffect, useState } from 'react'
import { StandingMark } from '../../components/standing.tsx'
import { callApi } from '../../lib/api-client.ts'
import { useWords } from '../../lib/i18n.ts'
import { wordProblem } from '../../lib/wording.ts'
import { EntryFrame } from './entry-frame.tsx'

/** The page. */
export function SignInForm(): ReactElement {
  const { t } = useWords()
  const queryClient = useQueryClient()
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => callApi('signIn', { body: { user: user.trim(), password } }),
    onSuccess: (me) => queryClient.setQueryData(['me'], me),
    onError: () => setPassword(''),
  })
  useEffect(() => {
    document.title = `${t('session.signIn')} · nearcast`
  }, [t])
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (user.trim() !== '' && password !== '') signIn.mutate()
  }
  return (
    <EntryFrame>
      <h1>{t('session.signIn')}</h1>
      <form onSubmit={submit}>
        <TextInput
          label={t('session.user')}
          autoComplete="username"
          autoFocus
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('session.password')}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': t('session.showPassword') }}
        />
        {signIn.error === null ? null : (
          <div className="notice down" role="alert">
            <StandingMark standing="down" size={13} />
            <span>{wordProblem(signIn.error)}</span>
          </div>
        )}
        <button type="submit" className="btn primary" disabled={signIn.isPending || user.trim() === '' || password === ''}>
          {t('session.signIn')}
        </button>
        <p className="fhelp">{t('session.firstHint')}</p>
      </form>
    </EntryFrame>
  )
}
