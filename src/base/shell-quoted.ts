/** A word as a POSIX shell reads it, whatever stands in it. */
export function shellQuoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
