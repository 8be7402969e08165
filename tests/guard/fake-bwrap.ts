import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findGuardTool } from '../../src/providers/starting/make-guard.ts';

/** What the machine's bubblewrap is like. */
export type Behaviour =
  /** As it is. */
  | 'sound'
  /** The kernel refuses its namespaces, at once. */
  | 'refused'
  /** The same, but the probe of a guard gets them. */
  | 'refused after the probe'
  /** Agents and the probe get them; SETUP and CHECK do not. */
  | 'refused to commands'
  | 'hangs'
  | 'hangs after the probe'
  /** It is there, but its program can't be run any more. */
  | 'gone';

/** What the kernel says when the namespaces of a machine are used up, in bubblewrap's words. */
export const NO_NAMESPACES = 'Creating new namespace failed: No space left on device';

/** A bubblewrap that may be broken and repaired while sessions run. */
export interface FakeBwrap extends Disposable {
  /** First on PATH, it stands before the real one. */
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
    // A folder of its name is no program, and the real one that PATH has behind it is not looked for.
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
