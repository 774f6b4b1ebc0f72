import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { DesiredRole } from '@pgsr/node-postgres'
import type { Library } from '../harness/drivers/drivers.ts'

/** What a process is to do first. */
export interface FirstCall {
  readonly library: Library
  /** How to connect. */
  readonly options: Readonly<Record<string, string | number>>
  /** Where pgsr is imported from; without it, the text is sent by hand. */
  readonly pgsr?: string
  readonly desired: readonly DesiredRole[]
  readonly text: string
}

/** What it is made of, in milliseconds: to start Node, to import pgsr and the driver, to connect, and the call itself. */
export interface Parts {
  readonly start: number
  readonly import: number
  readonly connect: number
  readonly call: number
}

const script = fileURLToPath(new URL('first-call-child.js', import.meta.url))

/** Makes it in a process of its own. */
export const firstCall = async (call: FirstCall): Promise<Parts> => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(call)])
  return JSON.parse(stdout) as Parts
}
