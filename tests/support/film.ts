/** The rows of each film, by a title that begins with the keys which it is about: `status, notes: a stop at a gate`. */
export type Films<Row> = Readonly<Record<string, readonly Row[]>>;

/** What a row did: its name, and the state before and after it. */
export interface Shown {
  name: string;
  before: unknown;
  after: unknown;
}

/**
 * Plays films, and writes everything that each row changes, as text for a golden: what nobody thought of is seen, too.
 * @param omitted keys that change with every row
 * @throws for a film in which a key of its title never changes
 */
export function screened<Row>(
  films: Films<Row>,
  play: (rows: readonly Row[]) => readonly Shown[],
  { omitted = [] }: { omitted?: readonly string[] } = {},
): string {
  const reels = Object.entries(films).map(([title, rows]) => {
    const shown = play(rows).map(({ name, before, after }) => ({
      name,
      changes: changesOf(before, after).filter(({ path }) => !omitted.includes(path)),
    }));
    const seen = new Set(shown.flatMap(({ changes }) => changes.map(({ path }) => path.split('.')[0])));
    const unseen = (title.split(': ')[0] ?? '').split(', ').filter((key) => !seen.has(key));
    if (unseen.length > 0) throw new Error(`“${title}”: ${unseen.join(', ')} never changes.`);
    const lines = shown.map(({ name, changes }) => {
      const texts = changes.map(({ path, to }) => `${path} ${to}`);
      return `  ${name}: ${texts.join('; ') || 'nothing'}`;
    });
    return [title, ...lines].join('\n');
  });
  return `${reels.join('\n\n')}\n`;
}

interface Change {
  path: string;
  to: string;
}

/** A change for each path below which only one of both is an object, or both differ. */
function changesOf(before: unknown, after: unknown, path = ''): Change[] {
  if (textOf(before) === textOf(after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, to: textOf(after) }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changesOf(before[key], after[key], path === '' ? key : `${path}.${key}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As JSON without quotation marks that no reader needs; `–` is nothing. */
function textOf(value: unknown): string {
  return value === undefined ? '–' : JSON.stringify(value).replaceAll(/"([\w ./:-]*)"/g, '$1');
}
