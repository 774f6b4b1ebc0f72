import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes long for its length: vitest starts with the longest files, so that no worker is left alone with one. */
const slow =
  /\/(attack|scale|readme|faults|leak|race|every-kind|hostile-names|acting-role|take-over|drop-unused-roles)\.test\.ts$/

const isSlow = ({ moduleId }: TestSpecification): boolean => slow.test(moduleId)

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}
