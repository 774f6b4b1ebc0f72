// Makes the JavaScript of the package, with yaml in it: its 72 files take longer to load than all else.
import { writeFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { licencesOf } from '../../third-party-licences.js'

const bundle = await build({
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  bundle: true,
  // yaml has CommonJS for Node, and the same as ECMAScript modules for browsers, which load faster as one file.
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
