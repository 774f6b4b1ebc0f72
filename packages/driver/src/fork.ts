/** What the text that `version()` answers begins with or has in it, on servers that only speak PostgreSQL’s protocol. */
const forks: readonly (readonly [name: string, sign: RegExp])[] = [
  ['CockroachDB', /^CockroachDB\b/],
  ['YugabyteDB', /^PostgreSQL \S*-YB-/],
]

/** The name of a server that is not PostgreSQL, by the text that its `version()` answers; `undefined` of one that is. */
export const forkOf = (version: string): string | undefined =>
  forks.find(([, sign]) => sign.test(version))?.[0]
