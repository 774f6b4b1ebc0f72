import type { Access } from './access.ts'

/** What the acting role may do, at three moments of a plan. */
export interface AccessStages {
  /** Before anything is done. */
  readonly now: Access
  /** To what is in schemas, once the schemas have their owners. */
  readonly overContents: Access
  /** To privileges, once everything has its owner. */
  readonly overPrivileges: Access
}
