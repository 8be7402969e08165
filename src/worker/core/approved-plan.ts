import { writeWhole } from '../../base/files/atomic-file.ts';
import type { Worker } from './worker.ts';

/** Keeps the text that was approved, so that a later change can be shown line by line. */
export async function keepApprovedPlan({ paths }: Pick<Worker, 'paths'>, text: string): Promise<void> {
  await writeWhole(paths.approvedPlan, text);
}
