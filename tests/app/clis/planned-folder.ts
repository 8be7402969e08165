import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { COMPOUND_AMOUNTS } from '../../support/sample-repo/missing-feature.ts';

const FOLDER = '26-02-01-compound';
const PLAN = '02-01-1000-plan-compound.md';

/** What a start reports if it continues a folder written by hand, with its plan: it waits for the approval. */
export const BUILDS_BY_PLAN = { from: FOLDER, phase: 'implementation' };

/** Writes that folder next to the repository, among the sessions. @param plan the text of its plan below the title */
export async function writePlannedFolder(mainRepo: string, plan: string): Promise<void> {
  const folder = join(dirname(mainRepo), 'sessions', FOLDER);
  await mkdir(folder);
  await writeFile(join(folder, PLAN), `# Plan: compound amounts\n\n${plan}`);
  await writeFile(join(folder, '_overview.md'), OVERVIEW);
}

const OVERVIEW = `# Session: compound

## Task
${COMPOUND_AMOUNTS.task}
## Status
Phase: planning
Iteration: 0
Total Iterations: 0
Blocked: no
## Flow Log
## Plans
- ${PLAN}
`;
