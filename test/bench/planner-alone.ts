import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { builtPackage } from './checkout.ts'
import { plannerInputs } from './planner-input.ts'

/** What planning for so many facts takes. */
export interface Planned {
  readonly what: keyof typeof plannerInputs
  readonly facts: number
  readonly milliseconds: number
  /** By how many bytes the process grew at most, with what was yet to be collected. */
  readonly bytes: number
  readonly operations: number
  /** Whose planner. */
  readonly checkout: string
}

/** What a plan for many grants may take. */
const aim = { facts: 100_000, milliseconds: 1000, bytes: 200 * 2 ** 20 }

const ofGrants: ReadonlySet<Planned['what']> = new Set(['nothing to do', 'first sync'])

export const isAimMet = ({ what, facts, milliseconds, bytes }: Planned): boolean =>
  facts !== aim.facts || !ofGrants.has(what) || (milliseconds <= aim.milliseconds && bytes <= aim.bytes)

const script = fileURLToPath(new URL('planner-child.js', import.meta.url))

const inChild = async (what: Planned['what'], facts: number, checkout: string): Promise<Planned> => {
  const planner = builtPackage(checkout, 'planner')
  const node = ['--expose-gc', '--max-old-space-size=8192', script, what, String(facts), planner]
  const { stdout } = await promisify(execFile)(process.execPath, node)
  return { what, facts, checkout, ...(JSON.parse(stdout) as Omit<Planned, 'what' | 'facts' | 'checkout'>) }
}

const names = Object.keys(plannerInputs) as (keyof typeof plannerInputs)[]

/** Plans what is chosen for ever more facts, with the planner of each checkout. */
export async function* planAlone(
  most: number,
  isChosen: (what: Planned['what']) => boolean,
  checkouts: readonly string[],
): AsyncGenerator<Planned> {
  for (const what of names.filter(isChosen))
    for (const facts of plannerInputs[what].sizes)
      if (facts <= most) for (const checkout of checkouts) yield await inChild(what, facts, checkout)
}
