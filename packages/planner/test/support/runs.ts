/** How many inputs a property is tried on; `PGSR_TEST_TIMES=10` is for ten times as many. */
export const runs = (usual: number): number => usual * Number(process.env.PGSR_TEST_TIMES ?? 1)
