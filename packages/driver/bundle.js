// Makes the JavaScript of the package, with kysely in it. `promises.js` has effect in it, too. The other files import it.
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { build, transform } from 'esbuild'
import { licencesOf, packageOf } from '../../third-party-licences.js'

const sourceOf = (name) => `src/${name}.ts`

/** Leaves the comments of kysely out: a third of it. In effect, some of them say what a bundler may leave out. */
const withoutComments = {
  name: 'without comments',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/node_modules\/kysely\/.*\.js$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { minifyWhitespace: true })
      return { contents: code }
    }),
}

/** Bundles files of `src`. */
const bundle = (names, { plugins = [], ...options }) =>
  build({
    entryPoints: names.map(sourceOf),
    outbase: 'src',
    outdir: 'dist',
    chunkNames: 'chunks/[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    legalComments: 'none',
    metafile: true,
    plugins: [withoutComments, ...plugins],
    ...options,
  })

/** Leaves files of `src` out of a bundle, which imports them. */
const leavingOut = (names) => ({
  name: 'leaving out',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const source = relative('.', join(resolveDir, path))
      const name = names.find((each) => sourceOf(each) === source)
      return name === undefined ? undefined : { path: `./${name}.js`, external: true }
    }),
})

// The queries, with kysely, are the larger part: one copy of them is enough.
const queries = [
  'all-roles',
  'constant',
  'mentions',
  'name',
  'names-in-bytes',
  'object-catalog',
  'statements',
]

// Errors are recognized by their class, of which there must be one.
const shared = ['errors', 'databases/results', ...queries.map((name) => `introspection/${name}`)]

const bundles = [
  await bundle(['index', 'api', 'layer', 'effect', ...shared], { external: ['@pgsr/*', 'effect'] }),
  await bundle(['promises'], { external: ['@pgsr/*'], plugins: [leavingOut(shared)] }),
]

/** The packages that a file made by a bundle has in it, or imports, it or what it imports. */
const packagesIn = ({ metafile: { outputs } }, file, seen = new Set([file])) => {
  const { inputs, imports } = outputs[file]
  return [
    ...Object.keys(inputs).flatMap((input) => packageOf(input).slice(1)),
    ...imports.flatMap(({ path, external }) => {
      if (external) return [path.split('/')[0]]
      return seen.has(path) ? [] : packagesIn({ metafile: { outputs } }, path, seen.add(path))
    }),
  ]
}

const [first, second] = bundles
if (packagesIn(second, 'dist/promises.js').includes('kysely'))
  throw new Error('kysely is in both bundles; name what imports it in queries')
for (const name of shared)
  if (packagesIn(first, `dist/${name}.js`).includes('effect'))
    throw new Error(`promises.js would import effect, which is in it already, by ${name}.js`)

await writeFile('dist/THIRD-PARTY-LICENSES', await licencesOf(bundles))
