import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** A Node to test on. */
export interface NodeBinary {
  readonly path: string
  /** As `process.version` has it, without the `v`. */
  readonly version: string
}

/** The major versions that people run. Their binaries are the optional dependencies of this directory. */
const majors = ['20', '22', '24', '26']

/** The directory of this package, from where its files are compiled to. */
export const testDirectory = fileURLToPath(new URL('../..', import.meta.url))

const pathOf = (node: string): string => {
  if (!/^\d+$/.test(node)) return node
  const platform = `${process.platform}-${process.arch}`
  try {
    const require = createRequire(join(testDirectory, 'nodes/package.json'))
    return join(dirname(require.resolve(`node-${node}-${platform}/package.json`)), 'bin/node')
  } catch {
    throw new Error(
      `no binary of Node ${node} for ${platform} is installed; name another one, or the path of one`,
    )
  }
}

/** A Node by its major version or its path, which has said what it is. */
export const binaryOf = async (node: string): Promise<NodeBinary> => {
  const path = pathOf(node)
  const { stdout } = await promisify(execFile)(path, ['--version']).catch((cause: Error) => {
    throw new Error(`cannot run Node ${node}: ${cause.message}`, { cause })
  })
  const version = stdout.trim().replace(/^v/, '')
  if (node !== path && !version.startsWith(`${node}.`))
    throw new Error(`Node ${node} at ${path} says that it is ${version}`)
  return { path, version }
}

/** Each Node to test on: the major versions and paths that PGSR_TEST_NODES names, or all. Each of them has said what it is. */
export const nodeBinaries = async (): Promise<readonly NodeBinary[]> => {
  const named = (process.env.PGSR_TEST_NODES ?? '').split(/\s+/).filter((word) => word !== '')
  const found: NodeBinary[] = []
  for (const node of named.length === 0 ? majors : named) found.push(await binaryOf(node))
  return found
}
