import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { anyRepoJob } from './any-repo-job.ts';
import type { Decisions, Job } from './job.ts';
import { paperBoatJob } from './paper-boat-job.ts';
import { type AnsweredQuestion, readQa } from './qa-text.ts';
import { type RepoFacts, readRepoFacts } from './repo-facts.ts';
import { readSessionFile, type Scene, sessionSlug, taskOf } from './scene.ts';

export interface Commission {
  facts: RepoFacts;
  task: string;
  job: Job;
  answers: readonly AnsweredQuestion[];
  decisions: Decisions;
}

/** Everything that the session and the repository say about the work, read anew by every child. */
export async function readCommission(scene: Scene): Promise<Commission> {
  const facts = await readRepoFacts(scene);
  const task = await taskOf(scene);
  const job = (await isPaperBoat(scene))
    ? paperBoatJob
    : anyRepoJob(facts, { task, slug: sessionSlug(scene) });
  const answers = readQa((await readSessionFile(scene, '_qa.md')) ?? '');
  return { facts, task, job, answers, decisions: job.decide(answers) };
}

async function isPaperBoat({ workingDir }: Scene): Promise<boolean> {
  const manifest = await ifExists(readFile(join(workingDir, 'package.json'), 'utf8'));
  return /^\s*"name": "paper-boat",?$/m.test(manifest ?? '');
}
