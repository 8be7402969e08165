import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../../../src/core/kernel/phases/outcome.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { planHash } from '../../../src/core/session/documents/plan.ts';
import { withLedger } from '../../../src/core/session/documents/requirements.ts';
import { readPlanEvidence } from '../../../src/core/worker/state/evidence.ts';
import type { Worker } from '../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../support/session-file-sample.ts';
import { tempLog } from '../../support/temp-log.ts';
import { PLAN } from './claim.ts';

const REQUIREMENT = { id: 'R1', text: 'Names are kept', check: 'test -e src/names.js' };

/** The facts about the approved plan and its ledger after a script with `$SESSION`. */
export async function planAfter(script: string): Promise<Outcome['plan']> {
  await using log = await tempLog();
  const { paths } = log;
  const { writer } = await log.open();
  await mkdir(paths.sessionDir, { recursive: true });
  const name = '01-08-1000-plan-boats.md';
  const ledger = JSON.stringify({ requirements: [REQUIREMENT] });
  const approved = withLedger(PLAN, ledger);
  await writeFile(join(paths.sessionDir, name), PLAN);
  await writeFile(paths.requirements, ledger);
  await writeFile(paths.approvedPlan, approved);
  const plan = { name, hash: planHash(approved) };
  await writer.append({ type: 'plan_approved', by: { channel: 'cli' }, plan, phase: 'done' });
  const env = { PATH: process.env.PATH ?? '', SESSION: paths.sessionDir };
  const { exitCode, stderr } = await runCommand('sh', ['-ec', script], { cwd: paths.sessionDir, env });
  if (exitCode !== 0) throw new Error(stderr);
  const file = sessionFileSample({ folder: paths.folder });
  return (await readPlanEvidence({ paths, file, writer } as Partial<Worker> as Worker)).outcome;
}
