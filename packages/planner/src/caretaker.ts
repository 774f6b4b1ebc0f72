import { freeName } from './free-name.ts'

const namePattern = /^_pgsr_caretaker_[0-9a-f]{8}$/

/**
 * Whether a role’s name is one that pgsr gives to caretakers: roles that own what other roles have lost, and can do
 * nothing. A name proves nothing, so a caretaker is made for each plan that needs one, and never used again by its name.
 */
export const isCaretakerName = (name: string): boolean => namePattern.test(name)

/** A name for the caretaker of what a role loses. */
export const caretakerName = (role: string, seed: string, taken: (name: string) => boolean): string =>
  freeName((id) => `_pgsr_caretaker_${id}`, `${seed}\0caretaker\0${role}`, taken)
