import { parseArgs } from 'node:util'
import { startCluster } from '../harness/servers/cluster.ts'
import { readVersion } from '../harness/servers/servers.ts'
import { findPermitted } from './permitted.ts'

const help = `
npm run permitted [-- options]

Syncs roles in small random worlds as a role that may create roles and owns the database, and searches for statements by
which it could have done what the plans say that it cannot.

  --worlds N  how many worlds on each server (200)
  --seed N    which worlds (1)
  --major N   on which server; again for more (10 14 16 18)
`

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    major: { type: 'string', multiple: true, default: ['10', '14', '16', '18'] },
    help: { type: 'boolean', default: false },
  },
})

const main = async (): Promise<void> => {
  const [worlds, seed] = [Number(values.worlds), Number(values.seed)]
  for (const major of values.major.map(Number)) {
    const cluster = await startCluster(major)
    try {
      const server = { ...cluster, version: await readVersion(cluster) }
      const begin = performance.now()
      const result = await findPermitted({ server, tag: 'p', seed, worlds })
      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      for (const [index, finding] of result.findings.entries()) console.log(`\n${index + 1}.\n${finding}`)
      console.log(
        `\nPostgreSQL ${major}: ${result.worlds} worlds in ${seconds} seconds; in ${result.worldsWithGoals} of them the plans leave ${result.goals} things undone; findings: ${result.findings.length}`,
      )
      if (result.findings.length > 0) process.exitCode = 1
    } finally {
      await cluster.stop()
    }
  }
}

if (values.help) console.log(help.trim())
else await main()
