/** Mantine under the page's theme. */
import { MantineProvider } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import { useTheme } from '../../lib/preferences.ts'
import { resolveVariables, theme } from '../../lib/theme.ts'

/** Wraps the app. */
export function ThemedApp({ children }: { readonly children: ReactNode }): ReactElement {
  return (
    <MantineProvider theme={theme} forceColorScheme={useTheme()} cssVariablesResolver={resolveVariables}>
      {children}
    </MantineProvider>
  )
}
