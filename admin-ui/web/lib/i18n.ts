/** Languages: one file of words each, loaded when it is used. The choice is kept in the browser. */
import i18next from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import type { Language } from './format.ts'
import type { en } from './messages/en.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof en }
  }
}

const STORED = 'nearcast-language'

/** Language of the page now. */
export function presentLanguage(): Language {
  return document.documentElement.lang === 'zh-CN' ? 'zh-CN' : 'en'
}

/** Prepares the words; resolves when the page can be drawn. */
export async function startLanguage(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: presentLanguage(),
    fallbackLng: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
    showSupportNotice: false,
    resources: {},
  } as Parameters<typeof i18next.init>[0])
  await setLanguage(presentLanguage())
}

/** Changes the language, also of `<html lang>`. */
export async function setLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    const words = language === 'zh-CN' ? (await import('./messages/zh-CN.ts')).zhCN : (await import('./messages/en.ts')).en
    i18next.addResourceBundle(language, 'translation', words)
  }
  document.documentElement.lang = language
  try {
    localStorage.setItem(STORED, language)
  } catch {
    // A browser without storage keeps the language for this page only.
  }
  await i18next.changeLanguage(language)
}

/** Words and language for a component. */
export function useWords(): { readonly t: ReturnType<typeof useTranslation>['t']; readonly language: Language } {
  const { t, i18n } = useTranslation()
  return { t, language: i18n.language === 'zh-CN' ? 'zh-CN' : 'en' }
}

/** The words function outside components. */
export const words: typeof i18next.t = i18next.t
