/**
 * The frame of every page: side bar, top bar, page, messages. Shows the sign-in while nobody is signed in, and the change of the
 * first password before anything else.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { lazy, type ReactElement, Suspense, useEffect, useState } from 'react'
import { ErrorLine, Skeleton } from '../../components/panel.tsx'
import { ApiProblem, listenSignedOut } from '../../lib/api-client.ts'
import { useWords } from '../../lib/i18n.ts'
import { openLiveStream } from '../../lib/live-stream.ts'
import { meQuery } from '../../lib/queries.ts'
import { BottomBar } from './bottom-bar.tsx'
import { SideBar } from './side-bar.tsx'
import { Toasts } from './toasts.tsx'
import { TopBar } from './top-bar.tsx'
import { type Dialog, useKeys } from './use-keys.ts'

const SignInForm = lazy(() => import('../session/sign-in-form.tsx').then((file) => ({ default: file.SignInForm })))
const FirstPasswordPage = lazy(() => import('../session/password-form.tsx').then((file) => ({ default: file.FirstPasswordPage })))
const SearchPalette = lazy(() => import('./search-palette.tsx').then((file) => ({ default: file.SearchPalette })))
const KeysDialog = lazy(() => import('./keys-dialog.tsx').then((file) => ({ default: file.KeysDialog })))
const PasswordDialog = lazy(() => import('./password-dialog.tsx').then((file) => ({ default: file.PasswordDialog })))

/** The shell. */
export function AppShell(): ReactElement {
  const queryClient = useQueryClient()
  const me = useQuery(meQuery())
  useEffect(() => {
    listenSignedOut(() => {
      queryClient.clear()
      void queryClient.invalidateQueries({ queryKey: ['me'] })
    })
  }, [queryClient])
  const signedOut = me.error instanceof ApiProblem && me.error.status === 401
  return (
    <Suspense fallback={null}>
      {signedOut || me.data === null ? (
        <SignInForm />
      ) : me.data === undefined ? (
        me.error === null ? null : (
          <main className="entry">
            <ErrorLine error={me.error} retry={() => void me.refetch()} />
          </main>
        )
      ) : me.data.mustChangePassword ? (
        <FirstPasswordPage />
      ) : (
        <Frame />
      )}
      <Toasts />
    </Suspense>
  )
}

function Frame(): ReactElement {
  const { t } = useWords()
  const queryClient = useQueryClient()
  const [dialog, setDialog] = useState<Dialog>('none')
  useKeys(dialog, setDialog)
  useEffect(() => openLiveStream(queryClient), [queryClient])
  const close = (): void => setDialog('none')
  return (
    <>
      <a className="btn primary skiplink" href="#page">
        {t('shell.skip')}
      </a>
      <div className="app">
        <SideBar />
        <div style={{ minWidth: 0 }}>
          <TopBar open={setDialog} />
          <main id="page" tabIndex={-1}>
            <Suspense
              fallback={
                <div className="page">
                  <Skeleton height={320} />
                </div>
              }
            >
              <Outlet />
            </Suspense>
          </main>
        </div>
      </div>
      <BottomBar openSearch={() => setDialog('search')} />
      <Suspense fallback={null}>
        {dialog === 'search' ? <SearchPalette close={close} /> : null}
        {dialog === 'keys' ? <KeysDialog close={close} /> : null}
        {dialog === 'password' ? <PasswordDialog close={close} /> : null}
      </Suspense>
    </>
  )
}
