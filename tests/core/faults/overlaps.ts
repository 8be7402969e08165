import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';

/** Records which earlier agents still run, and then this one: its pid and start time. */
const NOTE = `
began() {
  now=
  if [ -d /proc/self ]; then
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return
    set -- \${stat##*) }
    [ "$1" = Z ] || now=\${20}
  else
    case $(ps -o stat= -p "$1") in Z*) ;; *) now=$(ps -o lstart= -p "$1" | xargs) ;; esac
  fi
}
[ -e "$1" ] && while read -r pid started; do
  began "$pid"
  if [ "$pid" != "$PPID" ] && [ "$now" = "$started" ]; then echo "$pid" >>"$1.overlaps"; fi
done <"$1"
began "$PPID"
echo "$PPID $now" >>"$1"`;

/** The same rules, with agents that record in `file` that they run. */
export function notingOverlaps(rules: readonly object[], file: string): object[] {
  const note = { act: 'run', command: ['sh', '-c', NOTE, 'note', file] };
  const noting = (rules as { do: object[] }[]).map((rule) => ({ ...rule, do: [note, ...rule.do] }));
  return [...noting, { do: [note, { act: 'normal' }] }];
}

export async function childrenNeverOverlapped(file: string): Promise<void> {
  const found = await ifExists(readFile(`${file}.overlaps`, 'utf8'));
  expect(found, 'agents that ran at the same time').toBeUndefined();
}
