/** How many letters have to be put in, left out, replaced or swapped to make one word of the other. */
const distance = (a: string, b: string): number => {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      next.push(
        Math.min(
          next[column - 1]! + 1,
          last[column]! + 1,
          last[column - 1]! + (isSame ? 0 : 1),
          isSwapped ? before[column - 2]! + 1 : Infinity,
        ),
      )
    }
    before = last
    last = next
  }
  return last[b.length]!
}

/** Letters that do not tell words apart: `member_of` is `memberOf`. */
const letters = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '')

/** The longest word that is compared. No key is longer. */
const longest = 40

/** The word that somebody may have meant; `undefined` if none is near. */
export const nearest = (given: string, words: Iterable<string>): string | undefined => {
  if (given.length > longest) return undefined
  const own = letters(given)
  let best: { readonly word: string; readonly far: number } | undefined
  for (const word of words) {
    if (word.length > longest) continue
    const far = distance(own, letters(word))
    if (
      far <= Math.max(1, Math.floor(own.length / 3)) &&
      far < word.length &&
      (best === undefined || far < best.far)
    )
      best = { word, far }
  }
  return best?.word
}

/** `; did you mean SELECT?`, or what there is. */
export const suggestion = (given: string, words: readonly string[]): string => {
  const near = nearest(given, words)
  if (near !== undefined) return `; did you mean ${near}?`
  if (words.length === 0) return ''
  return words.length === 1 ? `; expected ${words[0]}` : `; expected one of ${words.join(', ')}`
}
