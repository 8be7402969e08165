import { constants } from 'node:fs';
import { copyFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { ensurePlainFolder } from '../../base/files/append-lines.ts';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { makeProof, provingEvents } from '../../session/proof/make-proof.ts';
import { proofMarkdown, proofText } from '../../session/proof/proof.ts';

/** Writes `proof/`: what the events show, and what the checks printed. */
export async function writeProof(paths: SessionPaths): Promise<void> {
  const events = await readEvents(paths.events, 0);
  const proof = makeProof(events);
  if (proof === undefined) return;
  const outputs = join(paths.proof, 'outputs');
  ensurePlainFolder(paths.proof);
  ensurePlainFolder(outputs);
  const runs = provingEvents(events).flatMap((event) => event?.runs ?? []);
  for (const { output } of runs)
    await keepOutput(join(paths.runDir, output), join(outputs, basename(output)));
  await writeWhole(join(paths.proof, 'proof.json'), proofText(proof));
  await writeWhole(join(paths.proof, 'proof.md'), proofMarkdown(proof));
}

/** An agent may have put a link in its place, which a copy would follow. */
async function keepOutput(from: string, to: string): Promise<void> {
  const draft = `${to}.draft`;
  await rm(draft, { recursive: true, force: true });
  const copied = copyFile(from, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE).then(() => true);
  // The machine files of old iterations are removed; the proof has the fingerprint of what they held.
  if ((await ifExists(copied)) === undefined) return;
  await rm(to, { recursive: true, force: true });
  await rename(draft, to);
}
