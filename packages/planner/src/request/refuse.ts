/** Refuses a field of what was given, and says why. */
export type Refuse = (field: string, problem: string) => never
