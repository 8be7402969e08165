/** Compares two dotted versions; text around the numbers is ignored, and a version without any is never older. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => /\d+(?:\.\d+)+/.exec(text)?.[0].split('.').map(Number));
  if (a === undefined || b === undefined) return false;
  const at = b.findIndex((part, index) => part !== (a[index] ?? 0));
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0);
}
