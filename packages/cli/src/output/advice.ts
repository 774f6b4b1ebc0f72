import type { Skipped } from '@pgsr/node-postgres'

/** What one could do about something that is skipped. */
export const adviceFor: Readonly<Record<Skipped['reason'], string>> = {
  absent: 'create it, or correct its name in the file',
  'no match': 'nothing, unless the pattern or the name of the schema is misspelt',
  'not permitted': 'connect as a role that may grant it, or as a member of one with --act-as',
  cycle: 'take one of these memberships out of the file',
  'no effect': 'take it out of the file',
  'takes away': 'nothing in mode additive; mode exact would do it',
}
