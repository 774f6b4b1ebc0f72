// Makes the JavaScript of the package, with yaml in it: its 72 files take longer to load than all else.
import { writeFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { licencesOf } from '../../third-party-licences.js'

const bundle = await build({
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  bundle: true,
  // Of yaml, the modules that are not for Node: they are the same, and ECMAScript.
  conditions: ['browser'],
  external: ['@pgsr/*'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
})

await writeFile('dist/THIRD-PARTY-LICENSES', await licencesOf([bundle]))
