import { build } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

test('the planner can be bundled for a browser: it imports nothing, has no dependencies, and is as large as its README says', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: ['dist/index.js'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    write: false,
  })
  expect(Object.keys(metafile.inputs).filter((input) => !input.startsWith('dist/'))).toEqual([])
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([])
  const readme = await readFile('README.md', 'utf8')
  const stated = Number(/Minified and gzipped it is about (\d+) kB/.exec(readme)?.[1])
  const kilobytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).length / 1000
  expect(Math.abs(kilobytes - stated)).toBeLessThanOrEqual(1)

  const { dependencies = {}, peerDependencies = {} } = JSON.parse(await readFile('package.json', 'utf8')) as {
    dependencies?: object
    peerDependencies?: object
  }
  expect([dependencies, peerDependencies]).toEqual([{}, {}])
})
