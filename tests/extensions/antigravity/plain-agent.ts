import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RigPlan, SessionRig } from '../../support/session-rig.ts';

// Antigravity CLI cannot be installed for tests: it is played by a program of ours that does what its documentation and
// the reports of its users have in common. It reads its prompt from stdin, prints plain text and exits.

const UNGUARDED = { PROVIDER: 'antigravity', ACP_WITHOUT_GUARD: 'yes' };

/** @param lines of a shell script; its arguments are in the file `arguments` of `dir` */
export async function plainAgent(dir: string, ...lines: string[]): Promise<string> {
  const path = join(dir, 'agy');
  const script = [
    '#!/bin/sh',
    '[ "$1" = --version ] && exec echo 1.0.0',
    // Not in the sandbox, which has the folder read-only.
    `{ printf '%s\n' "$@" > '${dir}/arguments'; } 2> /dev/null`,
    ...lines,
    '',
  ];
  await writeFile(path, script.join('\n'));
  await chmod(path, 0o755);
  return path;
}

export const planFor = (agent: string, lines: RigPlan['lines'] = {}): RigPlan => ({
  lines: { ...UNGUARDED, ...lines },
  firstEnv: { ANTIGRAVITY_PATH: agent, SAMOCODE_MAX_RETRIES: '0', SAMOCODE_RETRY_DELAY: '1' },
});

export async function endings(rig: SessionRig) {
  return (await rig.events()).flatMap((event) => (event.type === 'iteration_ended' ? [event] : []));
}
