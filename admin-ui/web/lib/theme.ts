/** Mantine with the tokens of styles/nearcast.css: its variables point at ours, so light and dark are one switch. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

const FONT =
  'Inter, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif'
const accent: MantineColorsTuple = [
  'var(--accent-tint)',
  'var(--accent-tint)',
  'var(--accent-line)',
  'var(--accent-line)',
  'var(--accent)',
  'var(--accent)',
  'var(--accent)',
  'var(--accent)',
  'var(--accent)',
  'var(--accent)',
]

/** The theme. */
export const theme = createTheme({
  fontFamily: FONT,
  fontSizes: { xs: '11px', sm: '13px', md: '13px' },
  lineHeights: { sm: '20px', md: '20px' },
  primaryColor: 'accent',
  colors: { accent },
  defaultRadius: '7px',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Modal: { defaultProps: { centered: true, radius: 14, transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.46 } } },
    Menu: { defaultProps: { transitionProps: { duration: 120 }, shadow: 'md', radius: 10 } },
  },
})

const shared = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-3)',
  '--mantine-color-placeholder': 'var(--text-3)',
  '--mantine-color-error': 'var(--down)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-border': 'var(--control)',
  '--mantine-color-accent-filled': 'var(--accent)',
  '--mantine-color-accent-filled-hover': 'var(--accent)',
  '--mantine-primary-color-contrast': 'var(--on-accent)',
  '--mantine-shadow-md': 'var(--shadow-2)',
  '--mantine-shadow-xl': 'var(--shadow-2)',
  '--mantine-line-height': '20px',
  '--mantine-font-size-md': '13px',
}

/** Points Mantine's variables at the tokens, the same in both schemes. */
export const resolveVariables: CSSVariablesResolver = () => ({ variables: shared, light: shared, dark: shared })
