import { join } from 'node:path';
import { initialProgress } from '../../src/core/kernel/phases/progress.ts';
import type { Phase } from '../../src/core/kernel/phases/table.ts';
import type { AsStarted } from '../../src/core/session/documents/form.ts';

/** The command line of the hook at an agent's end, as a worker gives it. @param programFolder as built */
export function atEndOf(programFolder: string, started: AsStarted): string[] {
  return [process.execPath, join(programFolder, 'form-check.cjs'), JSON.stringify(started)];
}

/** What a worker knows when it starts an agent of a full session that has no checks. */
export function asStarted(sessionDir: string, phase: Phase, more: Partial<AsStarted> = {}): AsStarted {
  return {
    sessionDir,
    toldPath: join(sessionDir, 'agent.told'),
    progress: initialProgress(phase),
    rules: { gates: { qa: true, plan: true }, review: false, plansApart: false },
    hasChecks: false,
    unacknowledged: [],
    oldPlans: [],
    oldRounds: 0,
    ...more,
  };
}
