import { writeWhole } from '../base/atomic-file.ts';
import type { SessionPaths } from '../session/paths.ts';

/** Keeps the text that was approved, so that a later change can be shown line by line. */
export async function keepApprovedPlan(paths: SessionPaths, text: string): Promise<void> {
  await writeWhole(paths.approvedPlan, text);
}
