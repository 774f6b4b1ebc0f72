import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Where the pages are once they are published. The READMEs of packages link there: npm shows them alone. */
const published = 'https://github.com/pgsr/pgsr/'

/** A fenced block of code. */
export interface Block {
  readonly title: string
  readonly language: string
  readonly text: string
  /** The file that it is, where its first line is a comment with a name. Other blocks import or run it. */
  readonly file: string | undefined
  /** What it prints: the next block, where that has no language and no heading comes before it. */
  readonly output: string | undefined
}

/** A Markdown page of the repository. */
export interface Page {
  /** Relative to the root. */
  readonly path: string
  readonly blocks: readonly Block[]
  /** The files of this repository that it links to, relative to the root, with the anchor in them. */
  readonly links: readonly { readonly text: string; readonly path: string; readonly anchor: string }[]
  readonly anchors: ReadonlySet<string>
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm

const blocksOf = (path: string, markdown: string): readonly Block[] => {
  const fences = [...markdown.matchAll(fence)]
  return fences.flatMap(({ 0: whole, 1: language = '', 2: text = '', index: start }, index) => {
    if (language === '') return []
    const next = fences[index + 1]
    const between = markdown.slice(start + whole.length, next?.index)
    const output = next?.[1] === '' && !/^#/m.test(between) ? next[2] : undefined
    const file = /^(?:\/\/|#) (\S+\.(?:ts|yaml))\n/.exec(text)?.[1]
    return [{ title: `${path} block ${index + 1}`, language, text, file, output }]
  })
}

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')

const linkOf = (page: string, text: string, target: string): Page['links'] => {
  const isAbsolute = /^[a-z]+:/.test(target)
  if (isAbsolute && !target.startsWith(`${published}blob/main/`)) return []
  const [path = '', anchor = ''] = target.replace(`${published}blob/main/`, '').split('#')
  const relative = path === '' ? page : posix.join(isAbsolute ? '.' : posix.dirname(page), path)
  return [{ text, path: relative, anchor }]
}

const readPage = async (path: string): Promise<Page> => {
  const source = await readFile(join(root, path), 'utf8')
  // Of source, what its docstrings say.
  const markdown = path.endsWith('.ts') ? source.replaceAll(/^ \* ?/gm, '') : source
  const prose = markdown.replaceAll(fence, '')
  const links = [...prose.replaceAll(/`[^`]+`/g, '``').matchAll(/\[([^\]]*)\]\(([^)\s]+)\)/g)]
  return {
    path,
    blocks: blocksOf(path, markdown),
    links: links.flatMap(({ 1: text = '', 2: target = '' }) => linkOf(path, text, target)),
    anchors: new Set([...prose.matchAll(/^#+ (.*)$/gm)].map(({ 1: heading = '' }) => anchorOf(heading))),
  }
}

const pagesIn = async (directory: string, isDeep: boolean): Promise<readonly string[]> => {
  const entries = await readdir(join(root, directory), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = posix.join(directory, entry.name)
      if (entry.isDirectory()) return isDeep && entry.name !== 'node_modules' ? pagesIn(path, true) : []
      return entry.name.endsWith('.md') ? [path] : []
    }),
  )
  return found.flat().toSorted()
}

/** The source of the functions that users call, whose docstrings have examples. */
const documented = [
  'packages/driver/src/effect.ts',
  'packages/node-postgres/src/effect.ts',
  'packages/node-postgres/src/index.ts',
  'packages/postgres-js/src/effect.ts',
  'packages/postgres-js/src/index.ts',
]

/** Every Markdown page of the repository, and the docstrings of what users call. */
export const readPages = async (): Promise<readonly Page[]> => {
  const packages = await readdir(join(root, 'packages'))
  const directories = ['.', 'docs', ...packages.map((name) => `packages/${name}`)]
  const paths = await Promise.all(directories.map((directory) => pagesIn(directory, directory === 'docs')))
  return Promise.all([...paths.flat(), ...documented].map(readPage))
}
