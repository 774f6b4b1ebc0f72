import type { Snapshot } from '@pgsr/planner'

/** The script and the style of the page, which `build.js` puts here, and how a Content-Security-Policy names them. */
declare const pageScript: string
declare const pageScriptHash: string
declare const pageStyle: string
declare const pageStyleHash: string

/** What a report is made of. */
export interface ReportInput {
  /** What was read, with `introspectAccess`, of all roles and objects; or a snapshot made by hand. */
  readonly snapshot: Snapshot
  /** When it was read, as the page shows it: `2027-06-30 12:00 UTC`. */
  readonly readAt?: string
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const inHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character]!)

/** JSON that nothing in it can end the element of: names may be `</script>` or `<!--`. */
const inScript = (data: unknown): string =>
  JSON.stringify(data).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** What the page answers from. The rest of a snapshot is for plans. */
const answeredFrom = ({ format, scope, server, roles, memberships, objects }: Snapshot): Snapshot => ({
  format,
  ...(scope !== undefined && { scope }),
  server,
  roles,
  memberships,
  objects,
  defaultPrivileges: [],
  unmanaged: [],
})

const policy = [
  "default-src 'none'",
  `script-src '${pageScriptHash}'`,
  `style-src '${pageStyleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * Makes a page of who can do what in a database, and by which ways: one HTML file that one can search, filter and click through.
 * It needs no network, and its Content-Security-Policy lets it use none. It holds the names of all roles and objects, and who may
 * do what, so keep it as you keep these. Pure.
 *
 * @returns the text of the file
 * @example
 * ```ts
 * import { snapshot } from '@pgsr/planner'
 * import { renderReport } from '@pgsr/report'
 *
 * const world = snapshot().role('alice').schema('sales').table('sales', 'orders', { privileges: { alice: ['SELECT'] } })
 * console.log(renderReport({ snapshot: world }).startsWith('<!doctype html>'))
 * ```
 */
export const renderReport = ({ snapshot, readAt }: ReportInput): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="pgsr">
<title>Who can do what in ${inHtml(JSON.stringify(snapshot.server.database))}</title>
<style>${pageStyle}</style>
</head>
<body>
<noscript>This page answers questions with a script, which is switched off here.</noscript>
<script type="application/json" id="data">${inScript({ snapshot: answeredFrom(snapshot), readAt })}</script>
<script>${pageScript}</script>
</body>
</html>
`
