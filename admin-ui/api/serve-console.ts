/**
 * Serves the built console: hashed assets for a year, index.html never cached, and index.html for every path of the console's own
 * router. When it was not built, one page says so and how to build it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import express, { type Express } from 'express'

const NOT_BUILT = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>nearcast</title></head><body>
<h1>The console is not built</h1><p>Run <code>npm run build</code> in the folder of nearcast and load this page again.</p>
<p>The API works: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p></body></html>
`

/** Puts the console behind the routes of the API. */
export function serveConsole(app: Express, folder: string): void {
  app.use(
    express.static(folder, {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      setHeaders: (response, path) => {
        // Vite names what lies in assets/ after its content.
        response.setHeader('Cache-Control', /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    }),
  )
  app.use((request, response, next) => {
    // A path with a file ending is a missing file, not a page.
    if ((request.method !== 'GET' && request.method !== 'HEAD') || /\.[a-z0-9]{1,8}$/i.test(request.path)) return next()
    const index = join(folder, 'index.html')
    response.setHeader('Cache-Control', 'no-cache')
    if (!existsSync(index)) return response.status(503).type('html').send(NOT_BUILT)
    return response.sendFile(index)
  })
}
