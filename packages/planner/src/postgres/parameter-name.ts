/**
 * Names of parameters that PostgreSQL still takes for others.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/misc/guc.c (map_old_guc_names)
 */
const formerNames: ReadonlyMap<string, string> = new Map([
  ['sort_mem', 'work_mem'],
  ['vacuum_mem', 'maintenance_work_mem'],
])

/** The name of a parameter as the catalogs have it: in lower case. */
export const canonicalParameter = (name: string): string =>
  formerNames.get(name.toLowerCase()) ?? name.toLowerCase()
