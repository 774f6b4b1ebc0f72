/** Servers that only speak PostgreSQL’s protocol, and how to recognise them by `version()`. */
const servers: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['CockroachDB', /^CockroachDB\b/],
  ['YugabyteDB', /^PostgreSQL \S*-YB-/],
]

/** The name of an unsupported server, by its `version()`; `undefined` for PostgreSQL itself. */
export const unsupportedServer = (version: string): string | undefined =>
  servers.find(([, pattern]) => pattern.test(version))?.[0]
