import { type ClusterSettings, startCluster } from '../../harness/servers/cluster.ts'
import { type Combination, openBenchDatabase, type BenchDatabase } from '../bench-database.ts'

/** A server that no other scenario has seen. */
export interface OwnServer {
  readonly bench: BenchDatabase
  readonly stop: () => Promise<void>
}

/** @param settings in addition to those of all servers */
export const ownServer = async (
  { major, role, driver }: Combination,
  settings: ClusterSettings = {},
): Promise<OwnServer> => {
  const server = await startCluster(major, { set: settings })
  const bench = await openBenchDatabase(server, { major, role, driver }).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  return {
    bench,
    stop: async () => {
      await bench.close()
      await server.stop()
    },
  }
}

/** Does something on such a server, and stops it. */
export const onOwnServer = async <T>(
  combination: Combination,
  settings: ClusterSettings,
  work: (bench: BenchDatabase) => Promise<T>,
): Promise<T> => {
  const { bench, stop } = await ownServer(combination, settings)
  return work(bench).finally(stop)
}
