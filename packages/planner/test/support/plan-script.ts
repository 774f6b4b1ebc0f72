import { type DesiredRole, plan, type PlanOptions, renderSql, type Snapshot } from '@pgsr/planner'

/**
 * The statements and findings of a plan: its script without what every script begins and ends with, its locks, what is only
 * through PUBLIC, and its warnings, which repeat some effects.
 */
export const scriptOf = (
  before: Snapshot,
  desired: DesiredRole | DesiredRole[],
  options: PlanOptions = {},
): string =>
  renderSql(plan(before, desired, { seed: 'seed', ...options }))
    .split('\n')
    .filter(
      (line) =>
        !/^(BEGIN|SET LOCAL (client|search)|SELECT (pg_catalog|set_config)|  WHERE current_setting|COMMIT|-- pgsr syncs|-- WARNING|-- only through PUBLIC|$)|-- locks the role/.test(
          line,
        ),
    )
    .map((line) => line.replace(/ {2}-- .*/, ''))
    .join('\n')

/** Role `t`, which nearly every test syncs, with what it is to have. */
export const roleT = (grants: DesiredRole['grants'] = []): DesiredRole => ({ role: 't', grants })

/** Statements that a superuser runs as another role. */
export const runAs = (name: string, ...lines: readonly string[]): string =>
  [`SET LOCAL ROLE "${name}";`, ...lines, 'SET LOCAL ROLE "postgres";'].join('\n')

/** What a plan says of memberships that are left to other databases. */
export const leftToOtherDatabases = (count: string): string =>
  `-- unmanaged: role "t": membership: "membership in ${count} of other databases"`
