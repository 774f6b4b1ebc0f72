// Puts the declarations of a package into one file for each entry point, and others for what several of them share. What
// no entry point names is left out.
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const { exports } = JSON.parse(await readFile('package.json', 'utf8'))
const entries = Object.values(exports).flatMap(({ types }) => types ?? [])

const separate = (await readdir('dist', { recursive: true })).filter((file) => file.endsWith('.d.ts'))

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((path) => [basename(path, '.d.ts'), path])),
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
  plugins: dts({ dtsInput: true, emitDtsOnly: true, tsconfig: false }),
})
const { output } = await bundle.write({
  dir: 'dist',
  entryFileNames: '[name].ts',
  chunkFileNames: 'shared/[name].ts',
})

const bundled = new Set(output.map(({ fileName }) => join(fileName)))
for (const file of separate) if (!bundled.has(file)) await rm(join('dist', file))
