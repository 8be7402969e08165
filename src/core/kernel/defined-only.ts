/** The environment without undefined values, as spawn expects it. @param isKept filters the remaining names */
export function definedOnly(
  env: Readonly<Record<string, string | undefined>>,
  isKept: (name: string) => boolean = () => true,
): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isKept(entry[0]),
  );
  return Object.fromEntries(entries);
}
