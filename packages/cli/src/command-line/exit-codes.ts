/** What the program ends with. */
export const exitCodes = {
  done: { code: 0, means: 'nothing differs, or it is done' },
  failed: {
    code: 1,
    means: 'it failed, or was stopped; what it was doing is undone, unless it says otherwise',
  },
  differs: { code: 2, means: '`plan`, `check`: something differs, and `apply` would change it' },
  remains: {
    code: 3,
    means: 'something is skipped, or stays although it should not; all else is done, or planned',
  },
  lacks: { code: 4, means: '`explain`: the role cannot do it, or that is not known' },
  exitedAtOnce: { code: 130, means: 'a second Ctrl-C: it did not wait for the server' },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly means: string }>>

export type ExitName = keyof typeof exitCodes
