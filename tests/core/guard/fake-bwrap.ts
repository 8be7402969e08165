import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findGuardTool } from '../../../src/core/sandbox/guard/make-guard.ts';

/** The state of the machine's bubblewrap. */
export type Behaviour =
  /** Unchanged. */
  | 'sound'
  /** The kernel refuses its namespaces immediately. */
  | 'refused'
  /** The same, but the probe of the guard gets them. */
  | 'refused after the probe'
  /** Agents and the probe get them; SETUP and CHECK do not. */
  | 'refused to commands'
  | 'hangs'
  | 'hangs after the probe'
  /** Installed, but its program cannot be run any more. */
  | 'gone';

/** bubblewrap's message when the machine has no namespaces left. */
export const NO_NAMESPACES = 'Creating new namespace failed: No space left on device';

/** A bubblewrap that may be broken and repaired while sessions run. */
export interface FakeBwrap extends Disposable {
  /** Puts the fake first on PATH, before the real one. */
  env: { PATH: string };
  behaves(behaviour: Behaviour): void;
}

export function fakeBwrap(behaviour: Behaviour): FakeBwrap {
  const real = findGuardTool(process.env);
  if (real === undefined) throw new Error('Install bubblewrap: these tests are about it.');
  const folder = mkdtempSync(join(tmpdir(), 'samocode-bwrap-'));
  const program = join(folder, 'bwrap');
  const says = `echo 'bwrap: ${NO_NAMESPACES}' >&2; exit 1`;
  const scripts: Record<Behaviour, string> = {
    sound: `exec '${real.path}' "$@"`,
    refused: says,
    'refused after the probe': `case "$*" in *.samocode-probe-*) exec '${real.path}' "$@";; esac\n${says}`,
    'refused to commands': `case "$*" in --args*|*.samocode-probe-*) exec '${real.path}' "$@";; esac\n${says}`,
    hangs: 'exec sleep 600',
    'hangs after the probe': `case "$*" in *.samocode-probe-*) exec '${real.path}' "$@";; esac\nexec sleep 600`,
    gone: '',
  };
  const behaves = (now: Behaviour) => {
    rmSync(program, { recursive: true, force: true });
    // A folder of that name hides the real one on PATH.
    if (now === 'gone') mkdirSync(program);
    else writeFileSync(program, `#!/bin/sh\n${scripts[now]}\n`);
    chmodSync(program, 0o755);
  };
  behaves(behaviour);
  return {
    env: { PATH: `${folder}:${process.env.PATH}` },
    behaves,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
