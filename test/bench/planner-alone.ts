import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { plannerInputs } from './planner-input.ts'

/** What planning for so many facts takes. */
export interface Planned {
  readonly what: keyof typeof plannerInputs
  readonly facts: number
  readonly milliseconds: number
  /** By how many bytes the process grew at most, with what was yet to be collected. */
  readonly bytes: number
  readonly operations: number
}

const script = fileURLToPath(new URL('planner-child.js', import.meta.url))

const inChild = async (what: Planned['what'], facts: number): Promise<Planned> => {
  const node = ['--expose-gc', '--max-old-space-size=8192', script, what, String(facts)]
  const { stdout } = await promisify(execFile)(process.execPath, node)
  return { what, facts, ...(JSON.parse(stdout) as Omit<Planned, 'what' | 'facts'>) }
}

const names = Object.keys(plannerInputs) as (keyof typeof plannerInputs)[]

/** Plans what is chosen for ever more facts. */
export async function* planAlone(
  most: number,
  isChosen: (what: Planned['what']) => boolean,
): AsyncGenerator<Planned> {
  for (const what of names.filter(isChosen))
    for (const facts of plannerInputs[what].sizes) if (facts <= most) yield await inChild(what, facts)
}
