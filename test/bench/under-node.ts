import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { binaryOf } from '../nodes/binaries.ts'

/** Whether this process is a Node that was asked for: a major version, or a path. Else it runs all again under that one. */
export const isUnderNode = async (node: string): Promise<boolean> => {
  const { path, version } = await binaryOf(node)
  if (version === process.versions.node) return true
  const child = spawn(path, process.argv.slice(1), { stdio: 'inherit' })
  const [code] = (await once(child, 'close')) as [number | null]
  process.exitCode = code ?? 1
  return false
}
