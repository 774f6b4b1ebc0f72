import type { Sandbox } from './sandbox.ts'

/** Who owns a table. */
export const ownerOf = async ({ admin }: Sandbox, table: string): Promise<unknown> =>
  (
    await admin(`select pg_get_userbyid(relowner)::text from pg_class where oid = '${table}'::regclass`)
  )[0]?.[0]
