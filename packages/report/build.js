// Bundles the script of the page, and then the package, which has the script and the style as texts.
import { build } from 'esbuild'
import { createHash } from 'node:crypto'

const page = { bundle: true, minify: true, write: false, logLevel: 'warning', target: 'es2022' }

const textOf = async (options) => (await build({ ...page, ...options })).outputFiles[0].text.trim()

const script = await textOf({
  entryPoints: ['src/page/main.ts'],
  format: 'iife',
  platform: 'browser',
  // Of its sources only what the page needs gets into the page. The built planner is one piece.
  alias: { '@pgsr/planner/internal': '../planner/src/internal.ts' },
})
const style = await textOf({ entryPoints: ['src/page/style.css'] })

/** How a Content-Security-Policy names a text. */
const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`

await build({
  entryPoints: ['src/index.ts'],
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  outdir: 'dist',
  logLevel: 'warning',
  define: Object.fromEntries(
    Object.entries({
      pageScript: script,
      pageScriptHash: hashOf(script),
      pageStyle: style,
      pageStyleHash: hashOf(style),
    }).map(([name, text]) => [name, JSON.stringify(text)]),
  ),
})
