import type { Access } from './access.ts'

/** What the acting role may do at three stages of a plan. */
export interface AccessStages {
  /** Before anything is done. */
  readonly now: Access
  /** With the contents of schemas, once the schemas have their new owners. */
  readonly overContents: Access
  /** With privileges, once everything has its new owner. */
  readonly overPrivileges: Access
}
