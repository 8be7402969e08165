import { readFile, writeFile } from 'node:fs/promises';
import { inject } from 'vitest';
import { findProjectFor } from '../../src/acts/common/places/find-project-for.ts';
import { frozenProving } from '../../src/acts/proof/frozen-proving.ts';
import type { Phase } from '../../src/phases/table.ts';
import { samocodeLine } from '../../src/project/settings/samocode-file.ts';
import { changeSettings } from '../faults/with-settings.ts';
import { trustLines } from './project.ts';
import { type SessionRig, startRig } from './session-rig.ts';

interface RestingOptions {
  /** Runs before its worker starts. */
  prepare?: (rig: SessionRig) => Promise<void>;
  /** Its worker is this process, which is not killed. */
  here?: boolean;
}

/**
 * A session without gates whose first agent works in `phase` by `rules`: a copy of the prepared one, as if it had been
 * started with these lines about checks, and a person had written the phase into its overview.
 */
export async function restingRig(
  phase: Phase,
  rules: readonly object[],
  lines: Readonly<Record<string, string>>,
  { prepare, here = true }: RestingOptions = {},
): Promise<SessionRig> {
  const rig = await startRig({ scenario: { paceMs: 0, rules }, copyOf: inject('resting'), here });
  try {
    const text = Object.entries(lines).map(([key, value]) => `${samocodeLine(key, value)}\n`);
    await trustLines(rig.repo, text.join(''));
    const { values } = await findProjectFor({ projectDir: rig.file.configPath }, rig.context());
    const checks = values.checks.map(({ command }) => command);
    await changeSettings(rig, { checks, proving: frozenProving(values) });
    const { overview } = rig.paths;
    const before = await readFile(overview, 'utf8');
    await writeFile(overview, before.replace(/^Phase: .*$/m, `Phase: ${phase}`));
    await prepare?.(rig);
    await rig.resume();
    return rig;
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
  }
}
