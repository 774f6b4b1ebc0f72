/** Where a connection goes, for people: never with the password. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/** A place in words. */
export const describePlace = ({ host, port, database, user }: Place): string =>
  `database ${JSON.stringify(database)} at ${host.startsWith('/') ? host : `${host}:${port}`}, as ${JSON.stringify(user)}`
