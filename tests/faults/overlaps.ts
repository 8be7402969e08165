import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { ifExists } from '../../src/base/errors.ts';

/** Notes which agents of before still run, and then this one: its pid and when it started. */
const NOTE = `
[ -e "$1" ] && while read -r pid started; do
  now=$(ps -o lstart= -p "$pid" | xargs)
  case $(ps -o stat= -p "$pid") in Z*) now= ;; esac
  if [ "$pid" != "$PPID" ] && [ "$now" = "$started" ]; then echo "$pid" >>"$1.overlaps"; fi
done <"$1"
echo "$PPID $(ps -o lstart= -p "$PPID" | xargs)" >>"$1"`;

/** The same rules, by agents that note in `file` that they run. */
export function notingOverlaps(rules: readonly object[], file: string): object[] {
  const note = { act: 'run', command: ['sh', '-c', NOTE, 'note', file] };
  const noting = (rules as { do: object[] }[]).map((rule) => ({ ...rule, do: [note, ...rule.do] }));
  return [...noting, { do: [note, { act: 'normal' }] }];
}

export async function childrenNeverOverlapped(file: string): Promise<void> {
  const found = await ifExists(readFile(`${file}.overlaps`, 'utf8'));
  expect(found, 'agents that ran at the same time').toBeUndefined();
}
