// Sets theme and language before the first paint, so that a dark page never flashes white. Plain script: it runs before the bundle.
;(() => {
  const stored = (key) => {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  document.documentElement.dataset.theme = stored('nearcast-theme') ?? (dark ? 'dark' : 'light')
  document.documentElement.lang = stored('nearcast-language') ?? (navigator.language.startsWith('zh') ? 'zh-CN' : 'en')
})()
