/**
 * Builds the console into dist/admin-ui/web; `vite` serves it for development and sends /api to a control at NEARCAST_API
 * (default http://127.0.0.1:8080). Nothing is inlined: the console's CSP allows scripts of its own origin only.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type UserConfig } from 'vite'

const web = dirname(fileURLToPath(import.meta.url))
const api = process.env.NEARCAST_API ?? 'http://127.0.0.1:8080'

const config: UserConfig = defineConfig({
  root: web,
  base: '/',
  plugins: [react()],
  server: { port: 5173, strictPort: false, proxy: { '/api': { target: api } } },
  preview: { proxy: { '/api': { target: api } } },
  build: {
    outDir: join(web, '../../dist/admin-ui/web'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    sourcemap: false,
  },
})
// Vite asks for a default export; it is the only one of the project.
export default config
