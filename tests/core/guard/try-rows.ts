import type { GuardScene } from './guard-scene.ts';
import type { Row } from './rows.ts';

/** The end of each row: title → output after its exit status. */
export type Ends = Record<string, { works: boolean; said: string }>;

/** Tries all rows in one start of the guard; with `act`, only after the user has done that outside. */
export async function tryRows(
  scene: GuardScene,
  rows: readonly Row[],
  act?: () => Promise<void>,
): Promise<Ends> {
  const script = rows
    .map(
      ({ script }, index) => `said=$( (set -eu; cd "$WORKTREE"; echo ${index} >>"$SESSION/reached"; ${script}
    ) 2>&1 ); printf '%s\\0%s\\0%s\\0' ${index} "$?" "$said"`,
    )
    .join('\n');
  const { stdout, stderr } = await (act === undefined
    ? scene.inside(script)
    : scene.insideAfter(act, script));
  const parts = stdout.split('\0');
  const reached = (await scene.outside('cat "$SESSION/reached"; rm "$SESSION/reached"')).split('\n');
  const ends = rows.map(({ title }, index) => {
    const [number, status, said = ''] = parts.slice(3 * index);
    if (number !== `${index}`) throw new Error(`The guard ended early: ${stderr}`);
    // Otherwise it might have failed for another reason than the guard.
    if (!reached.includes(`${index}`)) throw new Error(`"${title}" was not tried: ${said}`);
    return [title, { works: status === '0', said }] as const;
  });
  return Object.fromEntries(ends);
}

/** The result of a row, and its forbidden changes. */
export interface Tried {
  works: boolean;
  said: string;
  changed: string[];
}

/** Tries all rows in one start of the guard. Only if something changed, each row is tried alone to find the cause. */
export async function tryTogether(
  make: () => Promise<GuardScene>,
  rows: readonly Row[],
): Promise<Record<string, Tried>> {
  const together = await tryIn(make, rows);
  const tried: Record<string, Tried> = {};
  for (const row of rows) {
    const alone = together.changed.length > 0 ? await tryIn(make, [row]) : together;
    const { works = false, said = 'not tried' } = together.ends[row.title] ?? {};
    tried[row.title] = { works, said, changed: alone.changed };
  }
  if (together.changed.length > 0 && Object.values(tried).every(({ changed }) => changed.length === 0))
    throw new Error(`The rows changed together, and none alone: ${together.changed.join(', ')}`);
  return tried;
}

async function tryIn(
  make: () => Promise<GuardScene>,
  rows: readonly Row[],
): Promise<{ ends: Ends; changed: string[] }> {
  await using scene = await make();
  const before = scene.others();
  const ends = await tryRows(scene, rows);
  const after = scene.others();
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return { ends, changed: paths.filter((path) => before[path] !== after[path]) };
}

/** Those of `titles` with this end, and their output. */
export function rowsThat(ends: Ends, end: 'work' | 'fail', titles = new Set(Object.keys(ends))): string[] {
  return Object.entries(ends)
    .filter(([title, { works }]) => titles.has(title) && works === (end === 'work'))
    .map(([title, { said }]) => `${title}: ${said}`);
}
