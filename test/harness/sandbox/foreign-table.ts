import type { Sandbox } from './sandbox.ts'

/** `CREATE SERVER IF NOT EXISTS` came with 10. */
export const createFileServer = `do $$ begin
  if not exists (select from pg_foreign_server where srvname = 'files')
  then create server files foreign data wrapper file_fdw; end if;
end $$`

/** Makes a foreign table that is empty, and the acting role’s: which file it reads only a superuser may say. */
export const createForeignTable = ({ admin, actor }: Sandbox, name: string): Promise<unknown> =>
  admin(`
    create extension if not exists file_fdw;
    ${createFileServer};
    create foreign table ${name} (x text) server files options (filename '/dev/null');
    alter foreign table ${name} owner to ${actor}`)
