import type { Problems } from '../text/problems.ts'

/** What goes with a value while it is checked. */
export interface Checking {
  readonly problems: Problems
  /** The value may be a secret that is in the wrong place: no message has anything of it. */
  readonly isSecret: boolean
}
