import { isAttacker } from './part.ts'
import type { Note } from './spy.ts'
import type { Action } from './world.ts'

/** As whom code ran: what counts is not what the role is called. */
export type Runner = 'caller' | 'author' | 'ally' | 'nobody' | 'somebody else'

/** Who ran what before the sync: only then is it known what PostgreSQL does. */
export class Control {
  /** By statement and code. */
  readonly #callers = new Map<string, boolean>()
  /** As whom code ran for others, since something of theirs makes it run. */
  readonly #owners = new Set<string>()

  static #key({ by, text }: Action, { spy }: Note): string {
    return [by, text, spy].join('\n')
  }

  record(action: Action, note: Note, caller: string): void {
    const [key, isCaller] = [Control.#key(action, note), note.runner === caller]
    this.#callers.set(key, isCaller || this.#callers.get(key) === true)
    if (!isCaller) this.#owners.add(`${note.spy} ${note.runner}`)
  }

  /** Whether the caller ran some code in a statement; `undefined` if nobody did. */
  ranAsCaller(action: Action, note: Note): boolean | undefined {
    return this.#callers.get(Control.#key(action, note))
  }

  ranAs({ spy, runner }: Note): boolean {
    return this.#owners.has(`${spy} ${runner}`)
  }
}

/** Before 13, whoever opens a partitioned table runs the code of its partition key, whatever the statement. */
const runsWhenOpened = ({ place }: Note, version: number): boolean =>
  version < 130000 && place.includes('partition key')

/**
 * Whether code may run as a role: as its author or an ally of that, as nobody, and as whom it ran before the sync. What did not run before may
 * run as who sends the statement, as code does in PostgreSQL, but where an owner should take its place.
 */
export const isAllowed = (
  action: Action,
  note: Note,
  runner: Runner,
  control: Control,
  version: number,
): boolean => {
  if (runner === 'caller' && runsWhenOpened(note, version)) return true
  if (runner === 'author' || runner === 'ally' || runner === 'nobody' || control.ranAs(note)) return true
  if (runner === 'somebody else') return false
  return isAttacker(action.by) || (control.ranAsCaller(action, note) ?? action.switches !== true)
}
