import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import type { Edit } from './job.ts';
import { type Scene, writeFileOnStage } from './scene.ts';

/** Makes the edits in the worktree, in order; files that are already as wanted are left alone. */
export async function applyEdits(scene: Scene, edits: readonly Edit[]): Promise<void> {
  for (const edit of edits) {
    const path = join(scene.workingDir, edit.path);
    const old = await ifExists(readFile(path, 'utf8'));
    const text = edit.make(old);
    if (text !== old) await writeFileOnStage(scene, path, text);
  }
}
