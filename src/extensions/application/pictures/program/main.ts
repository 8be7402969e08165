/**
 * Takes pictures of pages with a browser, or compares pictures. Runs inside a sandbox, because pages and pictures are
 * the work of agents. Argument: the path of its job.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { PicturesJob } from '../job.ts';
import { comparePictures } from './compare-pictures.ts';
import { takePictures } from './take-pictures.ts';

const jobPath = process.argv[2] ?? '';
const job: PicturesJob = JSON.parse(readFileSync(jobPath, 'utf8'));

async function answer(): Promise<unknown> {
  if (job.mode === 'compare') return job.pairs.map(comparePictures);
  return await takePictures(job, createRequire(jobPath)(join(job.playwright, 'index.js')));
}

void answer().then(
  (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
