import type { Sandbox } from './sandbox.ts'

/** Makes a foreign table that is empty, and the acting role’s: which file it reads only a superuser may say. */
export const createForeignTable = ({ admin, actor }: Sandbox, name: string): Promise<unknown> =>
  admin(`
    create extension if not exists file_fdw;
    create server if not exists files foreign data wrapper file_fdw;
    create foreign table ${name} (x text) server files options (filename '/dev/null');
    alter foreign table ${name} owner to ${actor}`)
